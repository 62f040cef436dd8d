import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectKubeconfig } from '#adapters/kubernetes/kubeconfig.ts';
import { InputError } from '#core/errors.ts';
import { makeCertificate } from '#kit/certificate.ts';
import { openLoopback } from './loopback.ts';

const PODS = '/api/v1/namespaces/runners/pods';

/** A credential plugin that prints the token in `tokenFile` and adds a line to `log` for each start. */
function plugin(directory: string) {
  const [log, tokenFile] = [join(directory, 'log'), join(directory, 'token')];
  const script = `
    const fs = require('node:fs');
    fs.appendFileSync(${JSON.stringify(log)}, 'started\\n');
    const status = { token: fs.readFileSync(${JSON.stringify(tokenFile)}, 'utf8') };
    console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status }));`;
  return { log, tokenFile, user: { exec: { command: process.execPath, args: ['-e', script] } } };
}

describe('credential plugins', () => {
  it('are asked once for many requests, and again when their token is refused', async () => {
    await using loopback = await openLoopback();
    const { log, tokenFile, user } = plugin(loopback.directory);
    await writeFile(tokenFile, 'loopback-token');
    const path = await loopback.server.writeKubeconfig(loopback.directory, { user });
    const client = connectKubeconfig({ path });
    const many = () => Promise.all(Array.from({ length: 10 }, () => client.request('GET', PODS)));

    await many();
    expect(await readFile(log, 'utf8')).toBe('started\n');

    loopback.server.token = 'another-token';
    await writeFile(tokenFile, 'another-token');
    await many();
    expect(await readFile(log, 'utf8')).toBe('started\n'.repeat(2));
  });

  it('a token that stays refused is an error after one renewal', async () => {
    await using loopback = await openLoopback({}, {}, { user: { token: 'expired' } });
    await expect(loopback.client.request('GET', PODS)).rejects.toThrow(/the credentials are not accepted \(401\)/);
    expect(loopback.trace()).toHaveLength(2);
  });

  it.each([
    ['not installed', ['no-such-plugin'], /the credential plugin "no-such-plugin" is not installed/],
    [
      'failing',
      [process.execPath, '-e', 'console.error("SSO session expired\\nmore"); process.exit(1)'],
      /failed \(SSO session expired\); run it by hand, or log in again/,
    ],
    ['babbling', [process.execPath, '-e', 'console.log("token=hush")'], /failed \(its answer is not one\)/],
    ['answering something else', [process.execPath, '-e', 'console.log("{}")'], /failed \(its answer is not one\)/],
  ])('%s: one sentence, nothing of its output, no request', async (_name, [command, ...args], expected) => {
    await using loopback = await openLoopback({}, {}, { user: { exec: { command, args } } });
    const call = loopback.client.request('GET', PODS);
    await expect(call).rejects.toMatchObject({ name: 'ServiceError', outcome: 'refused' });
    await expect(call).rejects.toThrow(expected);
    await expect(call).rejects.not.toThrow('hush');
    expect(loopback.trace()).toEqual([]);
  });
});

describe('a kubeconfig that was changed', () => {
  it('is read again by the request that meets another CA', async () => {
    await using loopback = await openLoopback({ tls: {} });
    const old = Buffer.from(makeCertificate().cert).toString('base64');
    const path = await loopback.server.writeKubeconfig(loopback.directory, {
      cluster: { 'certificate-authority-data': old },
    });
    const client = connectKubeconfig({ path });
    await copyFile(loopback.kubeconfig, path);
    await expect(client.request('GET', PODS)).resolves.toMatchObject({ kind: 'PodList' });
    expect(loopback.trace()).toHaveLength(1);
  });
});

describe('identities', () => {
  it('a user name and password go as Basic', async () => {
    await using loopback = await openLoopback({}, {}, { user: { username: 'me', password: 'pass' } });
    await loopback.client.request('GET', PODS).catch(() => {});
    expect(loopback.server.requests[0]?.authorization).toBe(`Basic ${btoa('me:pass')}`);
  });

  it('a token file is read', async () => {
    await using loopback = await openLoopback();
    const tokenFile = join(loopback.directory, 'token');
    await writeFile(tokenFile, 'loopback-token');
    const user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } };
    const path = await loopback.server.writeKubeconfig(loopback.directory, { user });
    await expect(connectKubeconfig({ path }).request('GET', PODS)).resolves.toMatchObject({ kind: 'PodList' });
  });
});

describe('what is wrong with a kubeconfig', () => {
  const write = async (directory: string, text: string) => {
    const path = join(directory, 'config');
    await writeFile(path, text);
    return path;
  };
  const cluster = (server: string) =>
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server } }],
      contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }],
      users: [{ name: 'u', user: {} }],
      'current-context': 'one',
    });

  it.each<[string, string, string | undefined, RegExp]>([
    ['no YAML', '{', undefined, /cannot be read as a kubeconfig/],
    ['nothing in it', '{}', undefined, /has no current context; choose one/],
    ['an unknown context', cluster('https://c'), 'two', /has no usable context "two"; it has one/],
    ['plain http', cluster('http://c'), undefined, /cluster "c" is reached over plain http \(http:\/\/c\); use https/],
  ])('%s', async (_name, text, context, expected) => {
    await using loopback = await openLoopback();
    const path = await write(loopback.directory, text);
    const connect = () => connectKubeconfig({ path, ...(context === undefined ? {} : { context }) });
    expect(connect).toThrow(InputError);
    expect(connect).toThrow(expected);
  });

  it('no such file', () => {
    expect(() => connectKubeconfig({ path: '/nowhere/config' })).toThrow(
      /^\/nowhere\/config cannot be read as a kubeconfig/,
    );
  });
});

describe('where a kubeconfig is found', () => {
  function withEnvironment(values: Readonly<Record<string, string>>) {
    for (const [name, value] of Object.entries(values)) {
      const before = process.env[name];
      process.env[name] = value;
      onTestFinished(() => {
        if (before === undefined) delete process.env[name];
        else process.env[name] = before;
      });
    }
  }

  it('KUBECONFIG, without a path', async () => {
    await using loopback = await openLoopback();
    withEnvironment({ KUBECONFIG: loopback.kubeconfig });
    await expect(connectKubeconfig({}).request('GET', PODS)).resolves.toMatchObject({ kind: 'PodList' });
  });

  it('several files in one path, as KUBECONFIG has them', async () => {
    await using loopback = await openLoopback();
    const other = join(loopback.directory, 'other');
    await writeFile(other, JSON.stringify({ clusters: [], contexts: [], users: [] }));
    const path = [loopback.kubeconfig, other].join(delimiter);
    await expect(connectKubeconfig({ path }).request('GET', PODS)).resolves.toMatchObject({ kind: 'PodList' });
  });

  it('nowhere', async () => {
    await using loopback = await openLoopback();
    withEnvironment({ KUBECONFIG: '', HOME: loopback.directory });
    expect(() => connectKubeconfig({})).toThrow(
      'no kubeconfig found; name an EKS cluster under "clusters" or in EKS_CLUSTER_NAME, or set KUBECONFIG',
    );
  });
});
