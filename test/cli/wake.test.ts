/** `wake` from a step's side: what it sends, how long it waits, and how it ends. And `wake --capture`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSqliteStateStore } from '#adapters/state/sqlite.ts';
import { capture } from '#adapters/wake/capture.ts';
import { type ScriptedAnswer, scriptedService } from '#kit/loopback.ts';
import { runCommand, startCommand } from '../doors/command.ts';

const TOKEN = 'the-token-of-a-step';

/** A door that gives these answers one after the other, the last again and again. */
async function startDoor(...answers: readonly ScriptedAnswer[]) {
  const service = await scriptedService((_, index) => answers[Math.min(index, answers.length - 1)] ?? 'reset');
  return {
    ...service,
    environment: { WAKE_URL: service.url, BITBUCKET_STEP_OIDC_TOKEN: TOKEN },
    [Symbol.asyncDispose]: service.close,
  };
}

function answer(status: number, told: object, retryAfter?: number): ScriptedAnswer {
  const headers = { 'content-type': 'application/json', ...(retryAfter && { 'retry-after': String(retryAfter) }) };
  return { status, headers, body: JSON.stringify(told) };
}

const STARTING = answer(202, { message: '0 of 2 online', group: 'builds', online: 0, starting: 2, wanted: 2 }, 10);
const ONLINE = answer(200, {
  message: '2 runners of group builds online',
  group: 'builds',
  online: 2,
  starting: 0,
  wanted: 2,
});

describe('a step that asks', () => {
  it('waits as long as it is told to, until its runners are online', async () => {
    await using door = await startDoor(STARTING, STARTING, ONLINE);
    const command = startCommand(['wake', '--group', 'builds', '--runners', '2'], door.environment);
    await command.seen('stderr', /0 of 2 online\n/);
    expect(door.seen).toMatchObject([
      { method: 'POST', headers: { authorization: `Bearer ${TOKEN}` }, body: '{"group":"builds","runners":2}' },
    ]);
    command.clock.advance(9_999);
    expect(door.seen).toHaveLength(1);
    command.clock.advance(1);
    await command.seen('stderr', /(0 of 2 online\n){2}/);
    command.clock.advance(10_000);
    expect(await command.ended).toMatchObject({ code: 0, stdout: '2 runners of group builds online\n' });
  });

  it('says it as JSON, too', async () => {
    await using door = await startDoor(ONLINE);
    const { code, stdout } = await runCommand(['wake', '--labels', 'linux, large', '--json'], door.environment);
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      {
        version: 1,
        ok: true,
        group: 'builds',
        online: 2,
        starting: 0,
        wanted: 2,
        waitedMs: 0,
        message: '2 runners of group builds online',
      },
    ]);
    expect(door.seen[0]?.body).toBe('{"labels":["linux","large"],"runners":1}');
  });

  it('does not wait when it is told so', async () => {
    await using door = await startDoor(STARTING);
    const asked = await runCommand(['wake', '--group', 'builds', '--wait', '0s'], door.environment);
    expect(asked).toMatchObject({ code: 0, stdout: '0 of 2 online\n' });
    await using busy = await startDoor(answer(503, { message: 'x' }));
    expect((await runCommand(['wake', '--group', 'builds', '--wait', '0s'], busy.environment)).code).toBe(1);
  });

  it.each([
    ['is busy', answer(429, { Reason: 'ConcurrentInvocationLimitExceeded' }), /the answer is 429/, 5_000],
    ['is down for a while', answer(503, { message: 'ask again in 2 seconds' }, 2), /ask again in 2 seconds/, 2_000],
    ['breaks the connection', 'reset' as const, /no answer \(ECONNRESET\)/, 5_000],
    ['is no JSON', { status: 502, body: 'Bad Gateway' }, /the answer is 502/, 5_000],
  ])('asks again where the door %s', async (_, first, told, afterMs) => {
    await using door = await startDoor(first, ONLINE);
    const command = startCommand(['wake', '--group', 'builds'], door.environment);
    await command.seen('stderr', told);
    command.clock.advance(afterMs);
    expect((await command.ended).code).toBe(0);
  });

  it('gives up when its time is over', async () => {
    await using door = await startDoor(STARTING);
    const command = startCommand(['wake', '--group', 'builds', '--wait', '15s', '--json'], door.environment);
    await command.seen('stderr', /0 of 2 online\n/);
    command.clock.advance(10_000);
    await command.seen('stderr', /(0 of 2 online\n){2}/);
    command.clock.advance(5_000);
    const { code, stdout } = await command.ended;
    expect([code, JSON.parse(stdout)]).toMatchObject([1, { ok: false, message: 'not online in 15s: 0 of 2 online' }]);
  });

  it.each([400, 403, 409])('ends where it is refused (%i)', async (status) => {
    await using door = await startDoor(answer(status, { message: 'no such group' }));
    const result = await runCommand(['wake', '--group', 'builds'], door.environment);
    expect(result).toEqual({ code: 1, stdout: '', stderr: 'error: no such group\n' });
    expect(door.seen).toHaveLength(1);
  });
});

describe('wrong use', () => {
  const env = { WAKE_URL: 'https://x.example', BITBUCKET_STEP_OIDC_TOKEN: TOKEN };
  it.each([
    ['no group', [], env, /Name a group with --group, or its --labels/],
    ['both', ['--group', 'a', '--labels', 'b'], env, /Name a group with --group, or its --labels/],
    ['no address', ['--group', 'a'], { ...env, WAKE_URL: '' }, /No address to ask at/],
    ['an address in clear text', ['--group', 'a', '--url', 'http://x.example'], env, /No address to ask at/],
    ['no token', ['--group', 'a'], { WAKE_URL: 'https://x.example' }, /BITBUCKET_STEP_OIDC_TOKEN is not set/],
    ['half a runner', ['--group', 'a', '--runners', '0.5'], env, /Give a whole number between 1 and 1000/],
    ['no duration', ['--group', 'a', '--wait', 'long'], env, /Give a duration, such as 10m or 90s/],
    ['spans without a store', ['--capture', '2'], env, /name it with --state/],
    ['too many spans', ['--capture', '51', '--state', 'sqlite:x'], env, /At most 50 spans/],
  ])('%s', async (_, args, environment, told) => {
    const { code, stderr } = await runCommand(['wake', ...args], environment);
    expect([code, stderr]).toEqual([2, expect.stringMatching(told)]);
    expect(stderr).not.toContain(TOKEN);
  });
});

describe('spans', () => {
  /** A database, and a command that waits for two spans in it. */
  async function startCapture(...more: readonly string[]) {
    const directory = await mkdtemp(join(tmpdir(), 'spans-'));
    const path = join(directory, 'state.sqlite');
    const command = startCommand(['wake', '--capture', '2', '--state', `sqlite:${path}`, ...more], {});
    await command.seen('stderr', /waiting for 2 spans of pipelines/);
    const state = createSqliteStateStore(path);
    const close = () => rm(directory, { recursive: true });
    return { ...command, keep: (span: object) => capture(span, state, Date.now()), [Symbol.asyncDispose]: close };
  }

  it('are printed when all have come, and no more are kept', async () => {
    await using at = await startCapture();
    for (const times of [1, 2, 3]) await at.keep({ times });
    at.clock.advance(5_000);
    expect(await at.ended).toMatchObject({ code: 0, stdout: '{"times":1}\n{"times":2}\n' });
    await at.keep({ times: 4 });
  });

  it('that have come are printed when the time is over', async () => {
    await using at = await startCapture('--wait', '1s');
    await at.keep({ times: 1 });
    at.clock.advance(1_000);
    const { code, stdout, stderr } = await at.ended;
    expect([code, stdout]).toEqual([1, '{"times":1}\n']);
    expect(stderr).toContain('1 of 2 spans came');
  });
});
