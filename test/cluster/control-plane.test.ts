/** The control plane itself: who is who in it, that it can be seen to fail, and that it leaves nothing behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { eventually, useCluster } from './cluster.ts';
import { startControlPlane } from './control-plane.ts';
import { IDENTITIES, type IdentityName } from './identities.ts';
import { kubernetesVersion } from './prepare/assets.ts';

type SelfReview = { readonly status: { readonly userInfo: { readonly username: string; readonly groups: string[] } } };

describe('the control plane of the test run', () => {
  it.each(Object.keys(IDENTITIES) as IdentityName[])('knows the identity "%s"', async (name) => {
    const client = useCluster().clientOf(name);
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const { status } = await client.request<SelfReview>('POST', path, { body });
    expect(status.userInfo.username).toBe(IDENTITIES[name].user);
    expect(status.userInfo.groups).toEqual(expect.arrayContaining([...IDENTITIES[name].groups]));
  });

  it('is of the minor version that is pinned', async () => {
    const { gitVersion } = await useCluster().admin.request<{ gitVersion: string }>('GET', '/version');
    const minor = (version: string) => version.split('.').slice(0, 2).join('.');
    expect(minor(gitVersion)).toBe(minor(kubernetesVersion()));
  });
});

describe('a control plane', () => {
  it('that cannot start says what its log says, and leaves nothing', async () => {
    // A temporary folder that no other suite fills at the same time.
    const own = mkdtempSync(join(tmpdir(), 'own-'));
    vi.stubEnv('TMPDIR', own);
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(startControlPlane({ apiServerFlags: ['--no-such-flag'] })).rejects.toThrow(
      /^kube-apiserver did not become ready:\n(.*\n)*.*unknown flag: --no-such-flag/,
    );
    expect(readdirSync(own)).toEqual([]);
  });

  it('ends when the process that started it is killed', async () => {
    const script = `
      const { startControlPlane } = await import(${JSON.stringify(new URL('./control-plane.ts', import.meta.url).href)});
      const plane = await startControlPlane();
      console.log(JSON.stringify({ pids: plane.pids(), directory: plane.address.directory }));
      setInterval(() => {}, 1000);
    `;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface(owner.stdout), 'line');
    const { pids, directory } = JSON.parse(line as string) as { pids: readonly number[]; directory: string };
    expect(pids).toHaveLength(3);
    expect(pids.filter(isAlive)).toEqual(pids);
    owner.kill('SIGKILL');
    await eventually(() => {
      expect(pids.filter(isAlive)).toEqual([]);
      expect(existsSync(directory)).toBe(false);
    });
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
