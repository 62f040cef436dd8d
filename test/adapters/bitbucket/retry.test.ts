import { describe, expect, it } from 'vitest';
import { repeatsAfter, type Trouble } from '#adapters/http/retry-policy.ts';
import { ServiceError } from '#core/errors.ts';
import type { RunnerApi } from '#core/ports.ts';
import { holdDeadlines } from '#kit/deadlines.ts';
import type { LoopbackRunner, Reply } from '#kit/loopback-bitbucket.ts';
import { ACME, RUNNER, type Setup, setUp } from './setup.ts';

const RUNNERS = '/internal/workspaces/acme/pipelines-config/runners';

/** How each operation is done and what it looks like on the wire. */
const OPERATIONS: Readonly<
  Record<
    'read' | 'register' | 'disable' | 'remove',
    { do: (api: RunnerApi, uuid: string) => Promise<unknown>; line: (uuid: string) => string; ok: number }
  >
> = {
  read: { do: (api) => api.list(ACME), line: () => `GET ${RUNNERS}?pagelen=100`, ok: 200 },
  register: { do: (api) => api.register(ACME, RUNNER), line: () => `POST ${RUNNERS}`, ok: 200 },
  disable: { do: (api, uuid) => api.disable(ACME, uuid), line: (uuid) => `PUT ${RUNNERS}/${uuid}/state`, ok: 200 },
  remove: { do: (api, uuid) => api.remove(ACME, uuid), line: (uuid) => `DELETE ${RUNNERS}/${uuid}`, ok: 204 },
};
const names = Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[];

const TROUBLES: readonly { name: string; trouble: Trouble; reply: Reply; status: number; outcome: string }[] = [
  { name: '429', trouble: 'rate-limited', reply: { status: 429 }, status: 429, outcome: 'refused' },
  { name: '409', trouble: 'conflict', reply: { status: 409 }, status: 409, outcome: 'refused' },
  { name: '500', trouble: 'server-error', reply: { status: 500 }, status: 500, outcome: 'unknown' },
  {
    name: '503 with HTML',
    trouble: 'server-error',
    reply: { status: 503, body: '<html>' },
    status: 503,
    outcome: 'unknown',
  },
  { name: 'no answer', trouble: 'timed-out', reply: 'hang', status: 0, outcome: 'unknown' },
  { name: 'a body that never ends', trouble: 'timed-out', reply: 'hang-body', status: 0, outcome: 'unknown' },
  { name: 'a body that breaks off', trouble: 'connection-lost', reply: 'cut', status: 0, outcome: 'unknown' },
  { name: 'a reset connection', trouble: 'connection-lost', reply: 'reset', status: 0, outcome: 'unknown' },
];

const cases = TROUBLES.flatMap((row) => names.map((operation) => ({ ...row, operation })));
const repeated = cases.filter(({ trouble, operation }) => repeatsAfter(trouble, operation) > 0);
const final = cases.filter(({ trouble, operation }) => repeatsAfter(trouble, operation) === 0);

async function setUpWithRunner(trouble?: Trouble): Promise<Setup & { runner: LoopbackRunner }> {
  const setup = await setUp(trouble === 'timed-out' ? { server: { onHang: holdDeadlines() } } : {});
  const [runner] = setup.bitbucket.addRunners(ACME, 1);
  if (runner === undefined) throw new Error('no runner was added');
  return { ...setup, runner };
}

describe('the retry policy as data', () => {
  it('splits the cases into both kinds', () => {
    expect({ repeated: repeated.length, final: final.length }).toEqual({ repeated: 23, final: 9 });
  });
});

describe('repeated', () => {
  it.each(repeated)('$operation after $name', async ({ operation, trouble, reply, status }) => {
    const { api, bitbucket, waits, calls, runner } = await setUpWithRunner(trouble);
    const { do: run, line, ok } = OPERATIONS[operation];
    bitbucket.script({ times: 2, reply });
    await run(api, runner.uuid);
    const failed = `${line(runner.uuid)} ${status}`;
    expect(bitbucket.trace()).toEqual([failed, failed, `${line(runner.uuid)} ${ok}`]);
    expect(waits).toEqual([249, 499]);
    expect(calls()).toBe(3);
  });

  it.each(repeated)('$operation after $name, until it has been tried four times', async (row) => {
    const { api, bitbucket, waits, runner } = await setUpWithRunner(row.trouble);
    const { do: run, line } = OPERATIONS[row.operation];
    bitbucket.script({ times: 10, reply: row.reply });
    const error = await run(api, runner.uuid).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ service: 'bitbucket', outcome: row.outcome, status: row.status || undefined });
    expect(bitbucket.trace()).toEqual(Array(4).fill(`${line(runner.uuid)} ${row.status}`));
    expect(waits).toEqual([249, 499, 999]);
  });
});

describe('never repeated', () => {
  it.each(final)('$operation after $name', async ({ operation, trouble, reply, status, outcome }) => {
    const { api, bitbucket, waits, calls, runner } = await setUpWithRunner(trouble);
    const { do: run, line } = OPERATIONS[operation];
    bitbucket.script({ times: 2, reply });
    await expect(run(api, runner.uuid)).rejects.toMatchObject({ outcome, status: status || undefined });
    expect(bitbucket.trace()).toEqual([`${line(runner.uuid)} ${status}`]);
    expect(waits).toEqual([]);
    expect(calls()).toBe(1);
  });

  it.each([400, 401, 403, 404, 410, 301])('a read after %i', async (status) => {
    const { api, bitbucket, waits } = await setUp();
    bitbucket.script({ reply: { status, headers: { location: 'https://elsewhere.invalid/' } } });
    await expect(api.list(ACME)).rejects.toMatchObject({ outcome: 'refused', status });
    expect(bitbucket.trace()).toHaveLength(1);
    expect(waits).toEqual([]);
  });
});

describe('what may have happened', () => {
  it('a registration whose answer is lost exists once', async () => {
    const { api, bitbucket } = await setUp();
    bitbucket.script({ reply: 'apply-then-reset' });
    await expect(api.register(ACME, RUNNER)).rejects.toMatchObject({ outcome: 'unknown' });
    expect(bitbucket.runners(ACME)).toHaveLength(1);
  });

  it('a removal whose answer is lost is found done', async () => {
    const { api, bitbucket, runner } = await setUpWithRunner();
    bitbucket.script({ reply: 'apply-then-reset' });
    await api.remove(ACME, runner.uuid);
    expect(bitbucket.trace()).toEqual([`DELETE ${RUNNERS}/${runner.uuid} 0`, `DELETE ${RUNNERS}/${runner.uuid} 404`]);
  });

  it('stays unknown when a later attempt is refused', async () => {
    const { api, bitbucket, runner } = await setUpWithRunner();
    bitbucket.script({ reply: 'reset' });
    bitbucket.script({ reply: { status: 403 } });
    await expect(api.disable(ACME, runner.uuid)).rejects.toMatchObject({ outcome: 'unknown', status: 403 });
  });
});

describe('how long it waits', () => {
  const storm = (retryAfter: string, date?: string) => ({
    status: 429,
    headers: { 'retry-after': retryAfter, ...(date !== undefined && { date }) },
  });

  it.each([
    { name: 'seconds', reply: storm('2'), wait: 2_249 },
    {
      name: 'a date by the clock of the server',
      reply: storm('Mon, 23 Nov 2026 13:00:03 GMT', 'Mon, 23 Nov 2026 13:00:00 GMT'),
      wait: 3_249,
    },
    { name: 'a date in the past', reply: storm('Mon, 23 Nov 2020 13:00:03 GMT'), wait: 249 },
    { name: 'nonsense', reply: storm('soon'), wait: 249 },
  ])('honours Retry-After: $name', async ({ reply, wait }) => {
    const { api, bitbucket, waits } = await setUp();
    bitbucket.script({ reply });
    await api.list(ACME);
    expect(waits).toEqual([wait]);
  });

  it('does not wait longer than a tick can afford', async () => {
    const { api, bitbucket, waits } = await setUp();
    bitbucket.script({ reply: storm('1800') });
    await expect(api.list(ACME)).rejects.toThrow(/rate limit is used up \(429\) and asks to wait 1800 s/);
    expect(waits).toEqual([]);
  });

  it('counts all waits of a call against one budget', async () => {
    const { api, bitbucket, waits } = await setUp({ giveUpAfterMs: 7_000 });
    bitbucket.script({ times: 10, reply: storm('3') });
    await expect(api.list(ACME)).rejects.toThrow(/tried 3 times/);
    expect(waits).toEqual([3_249, 3_499]);
  });

  it('survives a storm of refused registrations without one too many', async () => {
    const { api, bitbucket } = await setUp();
    bitbucket.script({ times: 60, reply: { status: 429 } });
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => api.register(ACME, RUNNER)));
    const done = results.filter((result) => result.status === 'fulfilled').length;
    expect(bitbucket.runners(ACME)).toHaveLength(done);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ outcome: 'refused', status: 429 });
    }
  });
});
