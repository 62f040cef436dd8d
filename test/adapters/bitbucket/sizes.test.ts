/** Answers that are too large, by their kinds: what is said of each. */
import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { createBitbucketClient } from '#adapters/bitbucket/client.ts';
import { createBitbucketPipelineApi } from '#adapters/bitbucket/pipelines.ts';
import { createBitbucketRunnerApi } from '#adapters/bitbucket/runners.ts';
import { sentenceOf } from '#core/errors.ts';
import { listen } from '#kit/loopback.ts';
import { ACME, APP, CREDENTIALS, READING, RUNNER } from './setup.ts';

const MB = 1024 * 1024;

/** A Bitbucket whose every answer is so long, after a beginning. */
async function longAnswers(bytes: number, beginning = '', credential: keyof typeof CREDENTIALS = 'apiToken') {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push(request.url ?? '');
    response.end(beginning.padEnd(bytes));
  });
  const { url: baseUrl, close } = await listen(server);
  onTestFinished(close);
  const options = { baseUrl, credential: CREDENTIALS[credential], api: 'internal' } as const;
  const client = createBitbucketClient(options);
  const runners = createBitbucketRunnerApi(options, client);
  return { calls, runners, pipelines: createBitbucketPipelineApi(client, READING) };
}

const UNUSED = (size: string) =>
  `failed: Bitbucket's answer is larger than ${size}, so it is not used; check BITBUCKET_BASE_URL and any proxy on the way.`;

it('a page of a list, asked for once', async () => {
  const { runners, pipelines, calls } = await longAnswers(8 * MB + 1);
  expect(await runners.list(ACME).catch(sentenceOf)).toBe(`Listing the runners of acme ${UNUSED('8 MB')}`);
  expect(await pipelines.openPipelines(APP).catch(sentenceOf)).toBe(
    `Listing the pipelines of acme/app ${UNUSED('8 MB')}`,
  );
  expect(calls).toHaveLength(2);
});

it('a document, after which nobody knows what was done', async () => {
  const { runners } = await longAnswers(4 * MB + 1);
  await expect(runners.register(ACME, RUNNER)).rejects.toMatchObject({
    outcome: 'unknown',
    message: `Registering runner runner-1 in acme ${UNUSED('4 MB')}`,
  });
});

it('a token', async () => {
  const { runners } = await longAnswers(64 * 1024 + 1, '', 'oauth');
  expect(await runners.list(ACME).catch(sentenceOf)).toContain(UNUSED('64 KB'));
});

it('all pages of a list together', async () => {
  const next = (calls: readonly string[]) => `{"values":[],"next":"/x?page=${calls.length}"}`;
  const calls: string[] = [];
  const server = createServer((request, response) => {
    calls.push(request.url ?? '');
    response.end(next(calls).padEnd(8 * MB));
  });
  const { url: baseUrl, close } = await listen(server);
  onTestFinished(close);
  const runners = createBitbucketRunnerApi({ baseUrl, credential: CREDENTIALS.apiToken, api: 'internal' });
  expect(await runners.list(ACME).catch(sentenceOf)).toBe(
    'Listing the runners of acme failed: the list is larger than 64 MB; the next tick looks again.',
  );
  expect(calls).toHaveLength(9);
});
