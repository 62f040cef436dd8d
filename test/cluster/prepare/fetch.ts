/**
 * The published programs: etcd and kube-apiserver from envtest's archive, whose checksums are in an index beside it,
 * and kube-controller-manager, which that archive lacks, from Kubernetes' own release. Every wait is bounded.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

/** Where things are published. */
export type Publishers = { readonly envtestIndex: string; readonly kubernetes: string };

export const PUBLISHERS: Publishers = {
  envtestIndex: 'https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml',
  kubernetes: 'https://dl.k8s.io/release',
};

export type FetchLimits = { readonly answerMs: number; readonly downloadMs: number };

/** Long enough for a slow line, short enough not to be taken for a hang where the internet is closed. */
const LIMITS: FetchLimits = { answerMs: 5_000, downloadMs: 300_000 };

type Archive = { readonly hash: string; readonly selfLink: string };

/**
 * Puts the three programs into `directory`. `version` is `v1.X.Y`; envtest may have published a nearby patch level only.
 * Throws an Error with one clause that says why not; whatever was written by then is useless.
 */
export async function fetchPrograms(
  directory: string,
  version: string,
  publishers: Publishers = PUBLISHERS,
  limits: FetchLimits = LIMITS,
): Promise<void> {
  const os = process.platform;
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  if (os !== 'linux') throw new Error(`no kube-controller-manager is published for ${os}`);

  const index = parse((await get(publishers.envtestIndex, limits.answerMs)).toString('utf8'));
  const archive = archiveFor(index, version, `${os}-${architecture}`);
  const program = `${publishers.kubernetes}/${version}/bin/${os}/${architecture}/kube-controller-manager`;
  const [packed, manager, managerHash] = await Promise.all([
    get(archive.selfLink, limits.downloadMs),
    get(program, limits.downloadMs),
    get(`${program}.sha512`, limits.answerMs),
  ]);
  check(archive.selfLink, packed, archive.hash);
  check(program, manager, managerHash.toString('utf8').trim());
  await unpack(packed, directory);
  await writeFile(join(directory, 'kube-controller-manager'), manager);
  await chmod(join(directory, 'kube-controller-manager'), 0o755);
}

/** The archive of this minor version with the highest patch level. */
function archiveFor(index: unknown, version: string, platform: string): Archive {
  const releases =
    (index as { releases?: Readonly<Record<string, Readonly<Record<string, Archive>>>> })?.releases ?? {};
  const minor = version.slice(0, version.lastIndexOf('.') + 1);
  const patchOf = (release: string) => Number(release.slice(minor.length));
  const [latest] = Object.keys(releases)
    .filter((release) => release.startsWith(minor) && Number.isInteger(patchOf(release)))
    .toSorted((one, other) => patchOf(other) - patchOf(one));
  const archive = releases[latest ?? '']?.[`envtest-${latest}-${platform}.tar.gz`];
  if (archive === undefined) throw new Error(`envtest has published nothing for ${version} on ${platform}`);
  return archive;
}

/** The whole body; `limitMs` is for all of it. */
async function get(url: string, limitMs: number): Promise<Buffer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(limitMs) });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    const { name, message, cause } = error as Error;
    const why = name === 'TimeoutError' ? `not there within ${limitMs / 1000}s` : message;
    const code = (cause as NodeJS.ErrnoException | undefined)?.code;
    throw new Error(`${url}: ${code ?? why}`, { cause: error });
  }
}

function check(url: string, content: Buffer, sha512: string): void {
  const actual = createHash('sha512').update(content).digest('hex');
  if (actual !== sha512) throw new Error(`${url}: its checksum is not the published one`);
}

/** The archive holds `controller-tools/envtest/{etcd,kube-apiserver,kubectl}`. */
async function unpack(archive: Buffer, directory: string): Promise<void> {
  const scratch = await mkdtemp(join(directory, 'unpack-'));
  try {
    const packed = join(scratch, 'envtest.tar.gz');
    await writeFile(packed, archive);
    const tar = spawn('tar', ['-xzf', packed, '-C', scratch, '--strip-components=2'], { stdio: 'ignore' });
    const code = await new Promise((resolve, reject) => tar.on('close', resolve).on('error', reject));
    if (code !== 0) throw new Error('tar cannot unpack the envtest archive');
    for (const program of ['etcd', 'kube-apiserver']) await rename(join(scratch, program), join(directory, program));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
