/** A workspace with a past, and an export of it by a clock that only waits move. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { createBitbucketClient } from '#adapters/bitbucket/client.ts';
import { createBitbucketPastApi } from '#adapters/bitbucket/past.ts';
import type { FileReading } from '#adapters/bitbucket/pipeline-reader.ts';
import { createCallBudget } from '#adapters/budget/ledger.ts';
import type { Instant } from '#core/model/observation.ts';
import { Secret } from '#core/secret.ts';
import { type LoopbackBitbucket, startLoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import { limitCalls } from '#tools/history/calls.ts';
import { type ExportResult, exportHistory } from '#tools/history/export.ts';
import type { FetchProgress } from '#tools/history/fetch.ts';
import type { ExportPlan } from '#tools/history/journal.ts';
import { READING } from '../../adapters/bitbucket/setup.ts';

export const NOW: Instant = Date.parse('2026-11-23T12:00:00Z');
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const PLAN: ExportPlan = { workspace: 'acme', from: NOW - 10 * DAY, to: NOW, anonymised: false };

const YAML = `
pipelines:
  default:
    - step: { name: Check }
    - parallel:
        - step: { name: Test, runs-on: [self.hosted, linux, secret-label] }
        - step: { name: Pack, runs-on: [self.hosted, linux.arm64] }
`;

const iso = (at: Instant) => new Date(at).toISOString();

/** A pipeline of three steps, the first of which runs at Bitbucket: its labels are in a file of its own commit. */
export function addPast(bitbucket: LoopbackBitbucket, repository: string, number: number, at: Instant): void {
  const scope = { workspace: 'acme', repository };
  const commit = `${repository}-${number}`;
  const done = { state: 'COMPLETED', result: 'SUCCESSFUL' } as const;
  const run = (from: number, to: number) => ({
    ...done,
    startedOn: iso(at + from * MINUTE),
    completedOn: iso(at + to * MINUTE),
  });
  bitbucket.putFile(scope, YAML, commit);
  bitbucket.addPipeline(scope, {
    commit,
    number,
    createdOn: iso(at),
    status: 'PASSED',
    steps: [
      { name: 'Check', ...run(0, 1) },
      { name: 'Test', ...run(2, 5) },
      { name: 'Pack', ...run(3, 4) },
    ],
  });
}

/** `repositories` with so many pipelines each, six hours apart, the newest of them an hour old. */
export async function startPast(repositories: Readonly<Record<string, number>>, pageLength = 3) {
  const bitbucket = await startLoopbackBitbucket({ workspaces: { acme: Object.keys(repositories) }, pageLength });
  onTestFinished(() => bitbucket.close());
  for (const [repository, count] of Object.entries(repositories)) {
    for (let number = 1; number <= count; number += 1) {
      addPast(bitbucket, repository, number, NOW - HOUR - (count - number) * 6 * HOUR);
    }
  }
  return bitbucket;
}

/** A directory of its own, which goes with the test. */
export async function directory(): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'history-'));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

export type Run = {
  readonly file: string;
  readonly plan?: ExportPlan;
  readonly isResumed?: boolean;
  readonly limit?: number;
  readonly maxCalls?: number;
  readonly reading?: FileReading;
  /** Throws in place of the call with this number, from 1: the process is gone. */
  readonly dieAt?: number;
};

/** One process that exports. */
export async function runExport(bitbucket: LoopbackBitbucket, run: Run) {
  const clock = { now: NOW };
  const waits: string[] = [];
  const progress: FetchProgress[] = [];
  const stop = new AbortController();
  let calls = 0;
  const sleep = async (ms: number) => {
    clock.now += ms;
  };
  const now = () => clock.now;
  const budget = createCallBudget({ credential: 'ci', key: 'budget/ci', limit: () => run.limit ?? 1000, now });
  const limited = limitCalls(budget, run.maxCalls ?? Number.POSITIVE_INFINITY);
  const admit: typeof limited.admit = (importance, doing) => {
    if (run.dieAt !== undefined && calls + 1 >= run.dieAt) throw new Error('killed');
    limited.admit(importance, doing);
  };
  const client = createBitbucketClient({
    baseUrl: bitbucket.url,
    credential: { kind: 'apiToken', email: 'ops@acme.example', token: new Secret('an-api-token') },
    meter: { ...limited, admit },
    onCall: () => {
      calls += 1;
    },
    sleep,
    now,
    random: () => 0,
  });
  const result = await exportHistory(
    { file: run.file, plan: run.plan ?? PLAN, isResumed: run.isResumed === true },
    createBitbucketPastApi(client, run.reading ?? READING),
    {
      sleep,
      now,
      signal: stop.signal,
      beforeCall: async () => undefined,
      onWait: (until, why) => waits.push(`${why}, ${(until - clock.now) / 1000} s`),
      onProgress: (found) => progress.push(found),
    },
  ).catch((error: unknown) => error as Error);
  return { result: result as ExportResult & Error, waits, progress, calls, clock };
}

export async function linesOf(file: string): Promise<readonly string[]> {
  return (await readFile(file, 'utf8')).trimEnd().split('\n');
}
