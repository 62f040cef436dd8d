/**
 * What a door of the program stands in: a Bitbucket and a Kubernetes on the loopback interface, a directory with a
 * configuration, a kubeconfig and a state database, and the environment that points at all of them.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LoopbackOptions, startLoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import { type LoopbackKubernetesOptions, startLoopbackKubernetes } from '#kit/loopback-kubernetes.ts';

/** The credential of these tests; no output may ever contain it. */
export const API_TOKEN = 'ATATT-loopback-api-token-0123456789';
export const CLUSTER_TOKEN = 'loopback-token';

/** One group with `min` runners, in Atlassian's form. */
export function configuration({ min = 3, max = 10, name = 'linux-large', workspace = 'acme' } = {}): string {
  return `
constants:
  runner_cool_down_period: 300
groups:
  - name: "${name}"
    workspace: "${workspace}"
    labels: ["large"]
    namespace: "runners"
    strategy: "percentageRunnersIdle"
    parameters:
      min: ${min}
      max: ${max}
      scale_up_threshold: 0.5
      scale_down_threshold: 0.2
      scale_up_multiplier: 1.5
      scale_down_multiplier: 0.5
`;
}

/** What its services are told besides. */
export type WorldOver = { readonly bitbucket?: LoopbackOptions; readonly kubernetes?: LoopbackKubernetesOptions };

export type DoorsWorld = Awaited<ReturnType<typeof startDoorsWorld>>;

/** Starts it; dispose of it with `await using` or `close`. */
export async function startDoorsWorld(config = configuration(), over: WorldOver = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'doors-'));
  const bitbucket = await startLoopbackBitbucket({ workspaces: { acme: ['app'], beta: [] }, ...over.bitbucket });
  const kubernetes = await startLoopbackKubernetes({ namespaces: ['runners'], ...over.kubernetes });
  const path = (name: string) => join(directory, name);
  const kubeconfig = await kubernetes.writeKubeconfig(directory);
  const write = (name: string, text: string) => writeFile(path(name), text);
  await write('runners_config.yaml', config);
  const environment: Readonly<Record<string, string>> = {
    PATH: process.env.PATH ?? '',
    HOME: directory,
    CONFIG_SOURCE: path('runners_config.yaml'),
    STATE_STORE: `sqlite:${path('state.sqlite')}`,
    BITBUCKET_BASE_URL: bitbucket.url,
    ATLASSIAN_ACCOUNT_EMAIL: 'ci@acme.example',
    ATLASSIAN_API_TOKEN: API_TOKEN,
    KUBECONFIG: kubeconfig,
    AWS_REGION: 'eu-west-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/nonexistent',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  };
  const close = async () => {
    await Promise.all([bitbucket.close(), kubernetes.close()]);
    await rm(directory, { recursive: true, force: true });
  };
  return {
    directory,
    bitbucket,
    kubernetes,
    environment,
    path,
    write,
    close,
    [Symbol.asyncDispose]: close,
    /** Registrations of the workspace. */
    runners: () => bitbucket.runners({ workspace: 'acme' }),
    /**
     * Everything that is secret here: the credential, the cluster's token, and the secrets of the runners, also of those
     * that never got as far as a Secret. Each as it is and in base64.
     */
    secrets: () =>
      [API_TOKEN, `ci@acme.example:${API_TOKEN}`, CLUSTER_TOKEN, ...bitbucket.issuedSecrets].flatMap((secret) => [
        secret,
        Buffer.from(secret).toString('base64'),
      ]),
  };
}
