/** What the tests of the Bitbucket adapter share: a server, an API that talks to it, and recorded waits. */
import { onTestFinished } from 'vitest';
import type { ClientOptions } from '#adapters/bitbucket/client.ts';
import type { FileReading } from '#adapters/bitbucket/pipeline-reader.ts';
import { parsePipelines } from '#adapters/bitbucket/pipelines-yaml.ts';
import { createBitbucketRunnerApi, type Surface } from '#adapters/bitbucket/runners.ts';
import type { Credential } from '#adapters/credentials.ts';
import type { Instant } from '#core/model/observation.ts';
import type { RunnerApi } from '#core/ports.ts';
import { Secret } from '#core/secret.ts';
import { type LoopbackBitbucket, type LoopbackOptions, startLoopbackBitbucket } from '#kit/loopback-bitbucket.ts';

export const ACME = { workspace: 'acme' };
export const APP = { workspace: 'acme', repository: 'app' };
export const RUNNER = { name: 'runner-1', labels: ['linux', 'self.hosted'] };
export const NOON: Instant = Date.parse('2026-11-23T12:00:00Z');

export const CREDENTIALS: Readonly<Record<Credential['kind'], Credential>> = {
  apiToken: { kind: 'apiToken', email: 'ops@acme.example', token: new Secret('the-api-token') },
  oauth: { kind: 'oauth', clientId: 'the-client', clientSecret: new Secret('the-client-secret') },
  accessToken: { kind: 'accessToken', token: new Secret('the-access-token') },
  appPassword: { kind: 'appPassword', username: 'ops', password: new Secret('the-app-password') },
};

/** Files are read here and now, without the thread that a process would start for them. */
export const READING: FileReading = { parse: async (text) => parsePipelines(text) };

export type Setup = {
  readonly bitbucket: LoopbackBitbucket;
  readonly api: RunnerApi;
  /** Waits between attempts, in ms, in order; each moves the clock on. */
  readonly waits: readonly number[];
  readonly clock: { now: Instant };
  /** How often `onCall` was called. */
  readonly calls: () => number;
};

/** A server of its own for one test, with a clock that only waits move and jitter at its greatest. */
export async function setUp(
  options: Partial<ClientOptions> & { readonly api?: Surface; readonly server?: LoopbackOptions } = {},
): Promise<Setup> {
  const { server, ...clientOptions } = options;
  const bitbucket = await startLoopbackBitbucket(server);
  onTestFinished(() => bitbucket.close());
  const waits: number[] = [];
  const clock = { now: NOON };
  let calls = 0;
  const api = createBitbucketRunnerApi({
    baseUrl: bitbucket.url,
    credential: CREDENTIALS.apiToken,
    api: 'internal',
    onCall: () => {
      calls += 1;
    },
    sleep: async (ms) => {
      waits.push(ms);
      clock.now += ms;
    },
    random: () => 0.999,
    now: () => clock.now,
    ...clientOptions,
  });
  return { bitbucket, api, waits, clock, calls: () => calls };
}
