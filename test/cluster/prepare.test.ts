/** Where the programs of a control plane come from, and what is said when they come from nowhere. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ScriptedAnswer, scriptedService } from '#kit/loopback.ts';
import { cacheDirectory, kubernetesVersion, PROGRAMS } from './prepare/assets.ts';
import { buildPrograms } from './prepare/build.ts';
import { fetchPrograms } from './prepare/fetch.ts';
import { prepare, type Sources } from './prepare/prepare.ts';
import type { Progress } from './prepare/progress.ts';

let directory: string;
let env: Readonly<Record<string, string>>;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'prepare-'));
  env = { XDG_CACHE_HOME: join(directory, 'cache') };
});
afterEach(() => rmSync(directory, { recursive: true }));

function putPrograms(into: string, programs: readonly string[] = PROGRAMS): void {
  mkdirSync(into, { recursive: true });
  for (const program of programs) writeFileSync(join(into, program), program, { mode: 0o755 });
}

/** Sources that note what is asked of them; both succeed unless told otherwise. */
function sourcesThat(over: Partial<Sources> = {}) {
  const asked: string[] = [];
  const sources: Sources = {
    async fetch(into, version) {
      asked.push(`fetch ${version}`);
      await (over.fetch ?? putAsync)(into, version);
    },
    async build(into, version, onPackage) {
      asked.push(`build ${version}`);
      await (over.build ?? putAsync)(into, version, onPackage);
    },
  };
  return { asked, sources };
}
const putAsync = async (into: string) => putPrograms(into);
const failing = (why: string) => async (into: string) => {
  putPrograms(into, ['etcd']);
  throw new Error(why);
};

function silent(): Progress & { readonly lines: string[] } {
  const lines: string[] = [];
  return { lines, say: (line) => lines.push(line), during: (_text, work) => work };
}

describe('the programs', () => {
  const version = kubernetesVersion();

  it('are those of KUBEBUILDER_ASSETS, when all are there', async () => {
    const assets = join(directory, 'assets');
    putPrograms(assets);
    const { asked, sources } = sourcesThat();
    expect(await prepare({ ...env, KUBEBUILDER_ASSETS: assets }, sources, silent())).toBe(assets);
    expect(asked).toEqual([]);
  });

  it('of an incomplete KUBEBUILDER_ASSETS are not mixed with others, and it is said why', async () => {
    const assets = join(directory, 'assets');
    putPrograms(assets, ['etcd', 'kube-apiserver']);
    const progress = silent();
    const { sources } = sourcesThat();
    expect(await prepare({ ...env, KUBEBUILDER_ASSETS: assets }, sources, progress)).toBe(cacheDirectory(env));
    expect(progress.lines).toEqual(['KUBEBUILDER_ASSETS has no kube-controller-manager, so it is not used.']);
  });

  it('are fetched once and kept', async () => {
    const { asked, sources } = sourcesThat();
    expect(await prepare(env, sources, silent())).toBe(cacheDirectory(env));
    expect(await prepare(env, sources, silent())).toBe(cacheDirectory(env));
    expect(asked).toEqual([`fetch ${version}`]);
    expect(readdirSync(cacheDirectory(env)).toSorted()).toEqual([...PROGRAMS]);
  });

  it('are built when they cannot be fetched', async () => {
    const { asked, sources } = sourcesThat({ fetch: failing('the internet is closed') });
    expect(await prepare(env, sources, silent())).toBe(cacheDirectory(env));
    expect(asked).toEqual([`fetch ${version}`, `build ${version}`]);
  });

  it('are missing with one sentence, and nothing half-done stays', async () => {
    const { sources } = sourcesThat({
      fetch: failing('the internet is closed'),
      build: failing('there is no "go" on the PATH'),
    });
    await expect(prepare(env, sources, silent())).rejects.toThrow(
      'There is no control plane to test against: KUBEBUILDER_ASSETS names no directory with etcd, kube-apiserver and kube-controller-manager, they cannot be fetched (the internet is closed), and they cannot be built (there is no "go" on the PATH); allow one of the three.',
    );
    expect(readdirSync(join(cacheDirectory(env), '..'))).toEqual([]);
  });

  it('are built by one of several that want them at once', async () => {
    const { asked, sources } = sourcesThat();
    const all = await Promise.all([1, 2, 3].map(() => prepare(env, sources, silent())));
    expect(new Set(all)).toEqual(new Set([cacheDirectory(env)]));
    expect(asked).toHaveLength(1);
  });

  it('are built although a build before was killed', async () => {
    const { asked, sources } = sourcesThat();
    mkdirSync(join(cacheDirectory(env), '..'), { recursive: true });
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(`${cacheDirectory(env)}.lock`, String(pid));
    await prepare(env, sources, silent());
    expect(asked).toHaveLength(1);
  });
});

describe('building', () => {
  it('says when there is no go', async () => {
    const attempt = buildPrograms({ directory, version: 'v1.0.0', env: { PATH: directory }, onPackage: () => {} });
    await expect(attempt).rejects.toThrow('there is no "go" on the PATH');
  });
});

describe.runIf(process.platform === 'linux')('fetching', () => {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const sha512 = (content: string | Buffer) => createHash('sha512').update(content).digest('hex');

  /** An archive as envtest publishes it. */
  function archive(): Buffer {
    const folder = join(directory, 'packed', 'controller-tools', 'envtest');
    putPrograms(folder, ['etcd', 'kube-apiserver', 'kubectl']);
    const file = join(directory, 'archive.tar.gz');
    spawnSync('tar', ['-czf', file, '-C', join(directory, 'packed'), 'controller-tools']);
    return readFileSync(file);
  }

  /** Publishes v1.35.0 and v1.35.2; answers may be replaced by path. */
  async function fetchFrom(replaced: Readonly<Record<string, ScriptedAnswer>> = {}): Promise<void> {
    const packed = archive();
    let base = '';
    const release = (name: string) => ({
      [`envtest-${name}-linux-${architecture}.tar.gz`]: { hash: sha512(packed), selfLink: `${base}/${name}.tar.gz` },
    });
    const manager = `/v1.35.4/bin/linux/${architecture}/kube-controller-manager`;
    const answers = (): Readonly<Record<string, ScriptedAnswer>> => ({
      '/index': {
        status: 200,
        body: JSON.stringify({ releases: { 'v1.35.0': release('v1.35.0'), 'v1.35.2': release('v1.35.2') } }),
      },
      '/v1.35.2.tar.gz': { status: 200, body: packed },
      [manager]: { status: 200, body: 'manager' },
      [`${manager}.sha512`]: { status: 200, body: `${sha512('manager')}\n` },
      ...replaced,
    });
    const service = await scriptedService(({ path }) => answers()[path] ?? { status: 404 });
    base = service.url;
    const into = join(directory, 'into');
    mkdirSync(into);
    try {
      const publishers = { envtestIndex: `${base}/index`, kubernetes: base };
      await fetchPrograms(into, 'v1.35.4', publishers, { answerMs: 500, downloadMs: 500 });
    } catch (error) {
      throw new Error((error as Error).message.replaceAll(base, 'URL'), { cause: error });
    } finally {
      await service.close();
    }
  }

  it('takes etcd and kube-apiserver of the nearest release from one place and the rest from another', async () => {
    await fetchFrom();
    expect(readdirSync(join(directory, 'into')).toSorted()).toEqual([...PROGRAMS]);
    expect(readFileSync(join(directory, 'into', 'kube-controller-manager'), 'utf8')).toBe('manager');
  });

  it.each<{ name: string; replaced: Readonly<Record<string, ScriptedAnswer>>; why: string }>([
    { name: 'an index that never comes', replaced: { '/index': 'hang' }, why: 'URL/index: not there within 0.5s' },
    { name: 'an index that is gone', replaced: { '/index': { status: 404 } }, why: 'URL/index: HTTP status 404' },
    {
      name: 'a download that stops in its middle',
      replaced: { '/v1.35.2.tar.gz': 'stall' },
      why: 'URL/v1.35.2.tar.gz: not there within 0.5s',
    },
    {
      name: 'another content than was published',
      replaced: { '/v1.35.2.tar.gz': { status: 200, body: 'anything' } },
      why: 'URL/v1.35.2.tar.gz: its checksum is not the published one',
    },
    {
      name: 'an index without this version',
      replaced: { '/index': { status: 200, body: 'releases: {}' } },
      why: `envtest has published nothing for v1.35.4 on linux-${architecture}`,
    },
  ])('gives up on $name', async ({ replaced, why }) => {
    await expect(fetchFrom(replaced)).rejects.toThrow(why);
  });
});
