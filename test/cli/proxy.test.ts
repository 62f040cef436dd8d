/** A machine whose only way out is a proxy: Bitbucket, AWS and the cluster have names that nothing else can resolve. */
import { describe, expect, it } from 'vitest';
import { awsEnvironment, json, scriptedService } from '#kit/loopback.ts';
import { startRecordingProxy } from '#kit/recording-proxy.ts';
import { bundled } from '../doors/bundle.ts';
import { runProgram } from '../doors/program.ts';
import { API_TOKEN, configuration, startDoorsWorld } from '../doors/world.ts';

const BUNDLE = bundled('cli.js');
const PASSWORD = 'proxy-password-0123';

/** The world behind a proxy: the credential in Secrets Manager, and each service by its name. */
async function startOffice({ refuse }: { refuse?: number } = {}) {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await startDoorsWorld(configuration({ min: 1 })));
  const credential = { kind: 'apiToken', email: 'ci@acme.example', token: API_TOKEN };
  const aws = await scriptedService(() => json(200, { SecretString: JSON.stringify(credential) }));
  stack.defer(aws.close);
  const services = { 'bitbucket.test': world.bitbucket.url, 'aws.test': aws.url, 'cluster.test': world.kubernetes.url };
  const proxy = stack.use(await startRecordingProxy(services, refuse === undefined ? {} : { refuse }));
  await world.write('ca.pem', proxy.ca);
  const kubeconfig = await world.kubernetes.writeKubeconfig(world.directory, {
    cluster: { server: 'https://cluster.test', 'certificate-authority': world.path('ca.pem') },
  });
  const { ATLASSIAN_ACCOUNT_EMAIL: _email, ATLASSIAN_API_TOKEN: _token, ...environment } = world.environment;
  const address = proxy.url.replace('http://', `http://office:${PASSWORD}@`);
  const started = stack.move();
  return {
    world,
    proxy,
    environment: {
      ...environment,
      ...awsEnvironment('https://aws.test'),
      BITBUCKET_BASE_URL: 'https://bitbucket.test',
      BITBUCKET_SECRET_ID: 'bitbucket',
      KUBECONFIG: kubeconfig,
      HTTPS_PROXY: address,
      NODE_EXTRA_CA_CERTS: world.path('ca.pem'),
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

describe('a proxy', () => {
  it('is the way to Bitbucket, AWS and the cluster', async () => {
    await using office = await startOffice();
    const { code, stdout, stderr } = await runProgram(BUNDLE, ['apply'], office.environment);
    expect({ code, stderr: stderr.replace(/^still working .*\n/gm, '') }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('added 1 runner');
    const hosts = new Set(office.proxy.asked);
    expect(hosts).toEqual(new Set(['CONNECT aws.test:443', 'CONNECT bitbucket.test:443', 'CONNECT cluster.test:443']));
    expect(office.proxy.credentials[0]).toBe(`Basic ${Buffer.from(`office:${PASSWORD}`).toString('base64')}`);
  });

  it('is passed by for the hosts of NO_PROXY', async () => {
    await using office = await startOffice();
    const { code, stdout } = await runProgram(BUNDLE, ['apply'], { ...office.environment, NO_PROXY: 'aws.test' });
    expect(code).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('AWS cannot be reached');
    expect(office.proxy.asked).not.toContain('CONNECT aws.test:443');
  });

  it('is passed by for this machine, whatever NO_PROXY says', async () => {
    await using world = await startDoorsWorld(configuration({ min: 1 }));
    const { code } = await runProgram(BUNDLE, ['apply'], {
      ...world.environment,
      HTTP_PROXY: 'http://127.0.0.1:9',
      HTTPS_PROXY: 'http://127.0.0.1:9',
    });
    expect(code).toBe(0);
  });

  it.each<[string, object, RegExp]>([
    [
      'refuses us',
      { refuse: 407 },
      /AWS cannot be reached for .* \(ERR_PROXY_TUNNEL at the proxy 127\.0\.0\.1:\d+ \(HTTPS_PROXY, which answered 407\)\)/,
    ],
    ['is not there', { address: 'http://127.0.0.1:9' }, /\(ECONNREFUSED at the proxy 127\.0\.0\.1:9 \(HTTPS_PROXY\)\)/],
    [
      'has a name that is unknown',
      { address: 'http://proxy.invalid:3128' },
      /\((ENOTFOUND|EAI_AGAIN) at the proxy proxy\.invalid:3128 \(HTTPS_PROXY\)\)/,
    ],
  ])(
    'that %s is named, and its password is not',
    async (_, { refuse, address }: { refuse?: number; address?: string }, sentence) => {
      await using office = await startOffice(refuse === undefined ? {} : { refuse });
      const HTTPS_PROXY = address?.replace('http://', `http://office:${PASSWORD}@`) ?? office.environment.HTTPS_PROXY;
      const { code, stdout, stderr } = await runProgram(BUNDLE, ['apply'], { ...office.environment, HTTPS_PROXY });
      expect(code).toBe(1);
      expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(sentence);
      expect(stdout + stderr).not.toContain(PASSWORD);
    },
  );

  it('with an address that is none is wrong use', async () => {
    const { code, stderr } = await runProgram(BUNDLE, ['plan', '--config', 'x.yaml'], {
      HTTPS_PROXY: `office:${PASSWORD}`,
    });
    expect(code).toBe(2);
    expect(stderr).toContain(
      'HTTPS_PROXY: is not the address of an HTTP proxy; write it as http://proxy.example.com:3128',
    );
    expect(stderr).not.toContain(PASSWORD);
  });
});
