/**
 * Sees to it that there is a control plane to start: programs that are there already, else the published ones, else
 * built here. Runs before the tests rather than in them, so that whoever waits sees what for.
 *
 *   node test/cluster/prepare.ts
 */
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { cacheDirectory, findAssets, kubernetesVersion, missingFrom } from './prepare/assets.ts';
import { buildPrograms } from './prepare/build.ts';
import { fetchPrograms, PUBLISHERS } from './prepare/fetch.ts';
import { withLock } from './prepare/lock.ts';
import { createProgress, type Progress } from './prepare/progress.ts';

/** Gives the directory with every program, filling the cache if need be. Throws an Error with one sentence. */
async function prepare(env: NodeJS.ProcessEnv, progress: Progress): Promise<string> {
  const incomplete = env.KUBEBUILDER_ASSETS ? missingFrom(env.KUBEBUILDER_ASSETS) : [];
  if (incomplete.length > 0) progress.say(`KUBEBUILDER_ASSETS has no ${incomplete.join(', ')}, so it is not used.`);
  const found = findAssets(env);
  if (found !== undefined) return found;

  const cache = cacheDirectory(env);
  const onWait = (pid: number) => progress.say(`Another process (${pid}) is preparing the same; waiting for it …`);
  return withLock(`${cache}.lock`, onWait, async () => {
    if (missingFrom(cache).length > 0) await fill(cache, env, progress);
    return cache;
  });
}

/** Fills the cache in one step: a directory with only some of the programs, or half of one, is never seen there. */
async function fill(cache: string, env: NodeJS.ProcessEnv, progress: Progress): Promise<void> {
  await mkdir(dirname(cache), { recursive: true });
  const scratch = await mkdtemp(`${cache}.new-`);
  try {
    await obtain(scratch, env, progress);
    await rm(cache, { recursive: true, force: true });
    await rename(scratch, cache);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function obtain(directory: string, env: NodeJS.ProcessEnv, progress: Progress): Promise<void> {
  const version = kubernetesVersion();
  let notFetched: string;
  try {
    const { host } = new URL(PUBLISHERS.envtestIndex);
    return await progress.during(`Fetching Kubernetes ${version} from ${host}`, fetchPrograms(directory, version));
  } catch (error) {
    notFetched = (error as Error).message;
    progress.say(`  not possible: ${notFetched}`);
  }
  let packages = 0;
  const building = buildPrograms({ directory, version, env, onPackage: () => (packages += 1) });
  try {
    await progress.during(
      `Building Kubernetes ${version} with go (once; some 10 minutes on 2 cores)`,
      building,
      () => `, ${packages} packages`,
    );
  } catch (error) {
    throw new Error(
      `There is no control plane to test against: KUBEBUILDER_ASSETS names no directory with etcd, kube-apiserver and kube-controller-manager, they cannot be fetched (${notFetched}), and they cannot be built (${(error as Error).message}); allow one of the three.`,
      { cause: error },
    );
  }
}

try {
  const directory = await prepare(process.env, createProgress(process.stderr));
  process.stderr.write(`Control plane: ${directory}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
