/** Finds the programs of a control plane, or gets them into the cache: published ones, else built here. */
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { cacheDirectory, findAssets, kubernetesVersion, missingFrom } from './assets.ts';
import { withLock } from './lock.ts';
import type { Progress } from './progress.ts';

/** The ways to get the programs. Each fills a directory, or throws an Error with one clause that says why not. */
export type Sources = {
  readonly fetch: (directory: string, version: string) => Promise<void>;
  readonly build: (directory: string, version: string, onPackage: () => void) => Promise<void>;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** Gives the directory with every program, filling the cache if need be. Throws an Error with one sentence. */
export async function prepare(env: Environment, sources: Sources, progress: Progress): Promise<string> {
  const incomplete = env.KUBEBUILDER_ASSETS ? missingFrom(env.KUBEBUILDER_ASSETS) : [];
  if (incomplete.length > 0) progress.say(`KUBEBUILDER_ASSETS has no ${incomplete.join(', ')}, so it is not used.`);
  const found = findAssets(env);
  if (found !== undefined) return found;

  const cache = cacheDirectory(env);
  const onWait = (pid: number) => progress.say(`Another process (${pid}) is preparing the same; waiting for it …`);
  return withLock(`${cache}.lock`, onWait, async () => {
    if (missingFrom(cache).length > 0) await fill(cache, sources, progress);
    return cache;
  });
}

/** Fills the cache in one step: a directory with only some of the programs, or half of one, is never seen there. */
async function fill(cache: string, sources: Sources, progress: Progress): Promise<void> {
  await mkdir(dirname(cache), { recursive: true });
  const scratch = await mkdtemp(`${cache}.new-`);
  try {
    await obtain(scratch, sources, progress);
    await rm(cache, { recursive: true, force: true });
    await rename(scratch, cache);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function obtain(directory: string, sources: Sources, progress: Progress): Promise<void> {
  const version = kubernetesVersion();
  let notFetched: string;
  try {
    return await progress.during(`Fetching Kubernetes ${version}`, sources.fetch(directory, version));
  } catch (error) {
    notFetched = (error as Error).message;
    progress.say(`  not possible: ${notFetched}`);
  }
  let packages = 0;
  try {
    await progress.during(
      `Building Kubernetes ${version} with go (once; 5 to 10 minutes on 2 cores)`,
      sources.build(directory, version, () => (packages += 1)),
      () => `, ${packages} packages`,
    );
  } catch (error) {
    throw new Error(
      `There is no control plane to test against: KUBEBUILDER_ASSETS names no directory with etcd, kube-apiserver and kube-controller-manager, they cannot be fetched (${notFetched}), and they cannot be built (${(error as Error).message}); allow one of the three.`,
      { cause: error },
    );
  }
}
