/**
 * The autoscaler as a pod, but for the kubelet: the shipped manifests applied, and the npm package run as the image runs
 * it, by a user who may write nothing but the state, with the token of its own service account.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { connectKubeconfig } from '#adapters/kubernetes/kubeconfig.ts';
import type { Manifest } from '#core/ports.ts';
import { startLoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import { packPackage } from '../../scripts/release/package.ts';
import { type Cluster, eventually, pathOf, useCluster } from './cluster.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

const FOLDER = fileURLToPath(new URL('../../infra/kubernetes/in-cluster', import.meta.url));
const DOCKERFILE = fileURLToPath(new URL('../../Dockerfile', import.meta.url));
const NAMESPACE = 'bitbucket-runner-autoscaler';
const RUNNERS = { namespace: 'runners' };
const MOUNTED = '/var/run/secrets/kubernetes.io/serviceaccount';
/** As the image says it. */
const USER = 1000;

type Pod = { readonly containers: readonly [{ readonly args: readonly string[] }] };

const kubectl = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync('kubectl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
};
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

describe.runIf(hasKubectl)('in the cluster', () => {
  let plane: ControlPlane;
  let cluster: Cluster;
  let directory: string;
  let template: { readonly metadata: object; readonly spec: Pod };

  beforeAll(async () => {
    plane = await startControlPlane();
    cluster = useCluster(plane.address);
    directory = await mkdtemp(join(tmpdir(), 'in-cluster-'));
    kubectl('apply', '--kubeconfig', plane.kubeconfigs.admin, '-k', FOLDER);
    const path = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/autoscaler`;
    const { spec } = await cluster.admin.request<{ spec: { template: typeof template } }>('GET', path);
    template = spec.template;
  });
  afterAll(async () => {
    await plane?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('the pod is admitted where only restricted pods are', async () => {
    const pod: Manifest = { apiVersion: 'v1', kind: 'Pod', ...template, metadata: { name: 'a', namespace: NAMESPACE } };
    const created = cluster.admin.request('POST', `/api/v1/namespaces/${NAMESPACE}/pods`, {
      body: pod,
      query: { dryRun: 'All' },
    });
    await expect(created).resolves.toMatchObject({ kind: 'Pod' });
  });

  it('run creates runners with the rights of its service account, and ends in order', async () => {
    await using bitbucket = await startLoopbackBitbucket({ workspaces: { acme: [] } });
    const program = await unpackImage();
    const mounted = await mountServiceAccount();
    const state = join(directory, 'state');
    await mkdir(state);
    if (process.getuid?.() === 0) await chown(state, USER, USER);
    const configuration = join(directory, 'runners.yaml');
    await writeFile(configuration, await exampleWith({ strategy: 'idleBuffer', parameters: { min: 2, max: 10 } }));
    const args = template.spec.containers[0].args.map((arg) =>
      arg.replace('/etc/autoscaler/runners.yaml', configuration).replace('/var/lib/autoscaler', state),
    );
    const { hostname, port } = new URL(plane.address.url);
    const child = spawn(process.execPath, ['--import', mounted, program, ...args], {
      cwd: '/',
      ...(process.getuid?.() === 0 && { uid: USER, gid: USER }),
      env: {
        PATH: process.env.PATH,
        KUBERNETES_SERVICE_HOST: hostname,
        KUBERNETES_SERVICE_PORT: port,
        BITBUCKET_BASE_URL: bitbucket.url,
        ATLASSIAN_ACCOUNT_EMAIL: 'ci@acme.example',
        ATLASSIAN_API_TOKEN: 'ATATT-in-cluster',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const closed = once(child, 'close');
    const output = await outputUntil(child, /added 2 runners/);
    child.kill('SIGTERM');
    expect([await closed, output.text()]).toEqual([[0, null], expect.stringContaining('stopped after 1 tick')]);
    expect(bitbucket.runners({ workspace: 'acme' })).toHaveLength(2);
    expect(await cluster.names({ cluster: 'main', ...RUNNERS }, 'jobs')).toHaveLength(2);
    expect(await cluster.names({ cluster: 'main', ...RUNNERS }, 'secrets')).toHaveLength(2);
    const users = cluster.audit({ cluster: 'main', ...RUNNERS }).events.map(({ user }) => user.username);
    expect(new Set(users)).toContain(`system:serviceaccount:${NAMESPACE}:autoscaler`);
  });

  it('the admission policies hold for it, too', async () => {
    const folder = join(directory, 'kubernetes');
    await cp(join(FOLDER, '..'), folder, { recursive: true });
    const file = join(folder, 'in-cluster/runners/kustomization.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll(/^# (components| {2}-)/gm, '$1'));
    kubectl('apply', '--kubeconfig', plane.kubeconfigs.admin, '-k', join(folder, 'in-cluster'));
    const client = connectKubeconfig({ path: cluster.kubeconfigWith({ token: await serviceAccountToken() }) });
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'other' } };
    // Policies are learned through a watch: until then the Secret is taken, if only on trial.
    await eventually(() =>
      expect(
        client.request('POST', pathOf(RUNNERS.namespace, 'secrets'), { body: secret, query: { dryRun: 'All' } }),
      ).rejects.toThrow("ValidatingAdmissionPolicy 'bitbucket-runner-autoscaler-secrets'"),
    );
  });

  /** The package where the image has it, which nobody may write to; gives the path of the program. */
  async function unpackImage(): Promise<string> {
    const image = join(directory, 'image');
    const tarball = await packPackage(image);
    spawnSync('tar', ['-xzf', tarball, '-C', image]);
    await chmod(directory, 0o755);
    const [entry = ''] = /(?<="\/opt\/)[^"]+/.exec(await readFile(DOCKERFILE, 'utf8')) ?? [];
    await chmod(join(image, 'package'), 0o555);
    return join(image, entry);
  }

  async function serviceAccountToken(): Promise<string> {
    const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/autoscaler/token`;
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
    const { status } = await cluster.admin.request<{ status: { token: string } }>('POST', path, { body });
    return status.token;
  }

  /** The token that the kubelet would mount, and a module that lets a process see it there. */
  async function mountServiceAccount(): Promise<string> {
    const folder = join(directory, 'serviceaccount');
    await mkdir(folder);
    await writeFile(join(folder, 'token'), await serviceAccountToken());
    await writeFile(join(folder, 'ca.crt'), plane.address.certificateAuthority);
    await writeFile(join(folder, 'namespace'), NAMESPACE);
    const script = `
import fs from 'node:fs';
const there = (path) => typeof path === 'string' ? path.replace(${JSON.stringify(MOUNTED)}, ${JSON.stringify(folder)}) : path;
for (const name of ['existsSync', 'readFileSync', 'accessSync', 'statSync']) {
  const original = fs[name];
  fs[name] = (path, ...rest) => original(there(path), ...rest);
}
for (const name of ['readFile', 'access']) {
  const original = fs.promises[name];
  fs.promises[name] = (path, ...rest) => original(there(path), ...rest);
}`;
    return `data:text/javascript,${encodeURIComponent(script)}`;
  }

  /** The shipped example, its group changed: that strategy needs no pipelines. */
  async function exampleWith(over: object): Promise<string> {
    const example = parse(await readFile(join(FOLDER, 'runners.yaml'), 'utf8'));
    return JSON.stringify({ groups: [{ ...example.groups[0], ...over }] });
  }
});

/** What the process says, once it has said this; rejects when it ends before. */
async function outputUntil(child: ReturnType<typeof spawn>, wanted: RegExp) {
  let text = '';
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (wanted.test(text)) resolve();
      });
    }
    child.once('close', () => reject(new Error(text)));
  });
  return { text: () => text };
}
