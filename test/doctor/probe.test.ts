/** What `doctor --probe` finds out, and that it leaves nothing behind, wherever it is stopped. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type BitbucketClient, createBitbucketClient } from '#adapters/bitbucket/client.ts';
import { Secret } from '#core/secret.ts';
import { MOST_CALLS, probe } from '#doctor/probe.ts';
import { judgeProbe } from '#doctor/probe-answers.ts';
import { type LoopbackBitbucket, startLoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import { runCommand, startCommand } from '../doors/command.ts';
import { startDoorsWorld } from '../doors/world.ts';
import { expectFault, visit } from './visit.ts';

const scope = { workspace: 'acme' };
const credential = { kind: 'apiToken', email: 'ci@acme.example', token: new Secret('token') } as const;

/** Hands whose clock moves only while they wait. `client` may be changed on the way. */
function handsFor(
  bitbucket: LoopbackBitbucket,
  change: (client: BitbucketClient) => BitbucketClient = (client) => client,
  signal = new AbortController().signal,
) {
  const clock = { now: 1_000_000 };
  const client = createBitbucketClient({ baseUrl: bitbucket.url, credential, sleep: async () => undefined });
  return {
    client: change(client),
    calls: () => bitbucket.requests.length,
    now: () => clock.now,
    sleep: async (ms: number) => {
      clock.now += ms;
    },
    signal,
  };
}

describe('a probe', () => {
  it('finds out what Bitbucket does, in few calls, and removes what it made', async () => {
    await using bitbucket = await startLoopbackBitbucket();
    const [busy] = bitbucket.addRunners(scope, 2, { status: 'ONLINE' });
    if (busy) busy.step = { uuid: 'a step' };
    const answers = await probe(scope, '1', handsFor(bitbucket));
    expect(answers).toMatchObject({
      labels: {
        asked: ['autoscaler.probe', 'linux', 'self.hosted'],
        later: ['autoscaler.probe', 'linux', 'self.hosted'],
      },
      listLagMs: 0,
      removalLagMs: 0,
      internal: { disable: { works: true, kept: true, answered: 200 }, enable: { works: true, status: 'ENABLED' } },
      public: { disable: [{ works: false }, { works: false }, { works: false }, { works: false }] },
      busy: { internal: 1, public: 1 },
    });
    expect(bitbucket.runners(scope)).toHaveLength(2);
    expect(answers.calls).toBe(bitbucket.requests.length - 1);
    expect(bitbucket.requests.length).toBeLessThan(MOST_CALLS);
    expect(judgeProbe(scope, answers).outcome).toBe('ok');
  });

  it('tells how long a list lags', async () => {
    await using bitbucket = await startLoopbackBitbucket();
    let looks = 0;
    const hidden = (client: BitbucketClient): BitbucketClient => ({
      ...client,
      send: async (call) => {
        const answer = await client.send(call);
        if (call.operation !== 'read' || !call.path.includes('?')) return answer;
        looks += 1;
        // The first two are those before there is anything to see.
        return looks === 3 || looks === 4 ? { ...answer, text: '{"values":[]}' } : answer;
      },
    });
    expect((await probe(scope, '1', handsFor(bitbucket, hidden))).listLagMs).toBe(2_000);
  });

  it('finds labels that Bitbucket changes', async () => {
    await using bitbucket = await startLoopbackBitbucket();
    const relabelled = (client: BitbucketClient): BitbucketClient => ({
      ...client,
      send: async (call) => {
        const answer = await client.send(call);
        if (call.operation === 'register') for (const runner of bitbucket.runners(scope)) runner.labels = ['linux'];
        return answer;
      },
    });
    const answers = await probe(scope, '1', handsFor(bitbucket, relabelled));
    expect(judgeProbe(scope, answers)).toMatchObject({
      outcome: 'failed',
      detail: expect.stringMatching(/have linux$/),
    });
  });

  it.each([
    ['disabling that does nothing', 'failed', /cannot be taken out of service: Bitbucket answered 200/],
    ['enabling that does nothing', 'ok', /cannot be put back/],
  ] as const)('finds %s', async (what, outcome, detail) => {
    await using bitbucket = await startLoopbackBitbucket();
    const word = what.startsWith('disabling') ? 'DISABLED' : 'ENABLED';
    const deaf = (client: BitbucketClient): BitbucketClient => ({
      ...client,
      send: async (call) => {
        const isDeaf = call.path.endsWith('/state') && JSON.stringify(call.body).includes(word);
        return isDeaf
          ? client.send({ operation: 'read', path: call.path.replace('/state', ''), doing: '' })
          : client.send(call);
      },
    });
    const answers = await probe(scope, '1', handsFor(bitbucket, deaf));
    expect(judgeProbe(scope, answers)).toMatchObject({
      outcome,
      detail: expect.stringMatching(detail),
    });
  });

  it('removes what it made, in at most 40 calls, when every change fails', async () => {
    await using bitbucket = await startLoopbackBitbucket();
    bitbucket.script({ method: 'PUT', times: 99, reply: { status: 500 } });
    const answers = await probe(scope, '1', handsFor(bitbucket));
    expect(answers.internal.disable).toMatchObject({ answered: 500, works: false });
    expect(bitbucket.runners(scope)).toEqual([]);
    expect(bitbucket.requests.length).toBeLessThanOrEqual(MOST_CALLS);
  });

  it('removes what it made when a registration was made and its answer lost', async () => {
    await using bitbucket = await startLoopbackBitbucket();
    bitbucket.script({ method: 'POST', reply: 'apply-then-reset' });
    await expect(probe(scope, '1', handsFor(bitbucket))).rejects.toThrow();
    expect(bitbucket.runners(scope)).toEqual([]);
  });

  it('keeps the name of what it made, whatever an update on the public API does', async () => {
    await using bitbucket = await startLoopbackBitbucket();
    await probe(scope, '1', handsFor(bitbucket));
    const updates = bitbucket.requests.filter(({ method, path }) => method === 'PUT' && path.startsWith('/2.0/'));
    expect(updates).toHaveLength(4);
    for (const { body } of updates) {
      expect(JSON.parse(body)).toMatchObject({
        name: 'autoscaler-probe-1',
        labels: ['autoscaler.probe', 'linux', 'self.hosted'],
      });
    }
  });
});

describe('a probe that is stopped', () => {
  /** A client that dies with call `last`: that call has its effect, and nobody hears of it. */
  const dyingAfter =
    (last: number, died: () => void) =>
    (client: BitbucketClient): BitbucketClient => {
      let calls = 0;
      return {
        ...client,
        send: async (call) => {
          calls += 1;
          if (calls > last) return await new Promise(() => undefined);
          const answer = await client.send(call);
          if (calls < last) return answer;
          died();
          return await new Promise(() => undefined);
        },
      };
    };

  it('is followed by one that removes what it left, whichever call was its last', async () => {
    const whole = await callsOfWholeProbe();
    for (let last = 1; last <= whole; last += 1) {
      await using bitbucket = await startLoopbackBitbucket();
      bitbucket.addRunners(scope, 1, { name: 'somebody' });
      const dead = Promise.withResolvers<void>();
      probe(scope, 'dead', handsFor(bitbucket, dyingAfter(last, dead.resolve))).catch(() => undefined);
      await dead.promise;
      await probe(scope, 'next', handsFor(bitbucket));
      expect(
        bitbucket.runners(scope).map(({ name }) => name),
        `after call ${last}`,
      ).toEqual(['somebody']);
    }
  });

  async function callsOfWholeProbe(): Promise<number> {
    await using bitbucket = await startLoopbackBitbucket();
    await probe(scope, '1', handsFor(bitbucket));
    return bitbucket.requests.length;
  }

  it('by a signal removes what it made before it ends', async () => {
    await using world = await startDoorsWorld();
    const pause = Promise.withResolvers<void>();
    world.bitbucket.script({ method: 'PUT', reply: { until: pause.promise } });
    const command = startCommand(['doctor', '--probe', '--yes', '--answers', world.path('a.json')], world.environment);
    while (!world.bitbucket.requests.some(({ method }) => method === 'PUT')) await new Promise(setImmediate);
    command.signal('SIGINT');
    pause.resolve();
    const { stderr } = await command.ended;
    expect(stderr).toContain('what the probe made is being removed');
    expect(world.runners()).toEqual([]);
  });
});

describe('doctor --probe', () => {
  it('keeps its answers, writes them without a name, and a later visit goes by them', async () => {
    await using world = await startDoorsWorld();
    const file = world.path('answers.json');
    const args = ['doctor', '--probe', '--yes', '--json', '--answers', file];
    const { code, stdout, stderr } = await runCommand(args, world.environment);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `The probe's answers are in ${file}; they name nobody and nothing of yours.\n`,
    });
    expect(JSON.parse(stdout).checks).toContainEqual(expect.objectContaining({ id: 'probe', outcome: 'ok' }));
    const text = await readFile(file, 'utf8');
    expect(JSON.parse(text)).toMatchObject({ version: 1, internal: { enable: { works: true } } });
    expect(text).not.toMatch(/acme|[0-9a-f]{8}-[0-9a-f]{4}/);
    expect(world.runners()).toEqual([]);
    const { diagnosis } = await visit(world.environment);
    expect(diagnosis.checks).toContainEqual(
      expect.objectContaining({
        id: 'probe',
        outcome: 'ok',
        detail: expect.stringMatching(/can be put back, lists lag 0 s/),
      }),
    );
  });

  it('asks first, and does nothing where the answer is no, or where nobody can answer', async () => {
    await using world = await startDoorsWorld();
    const questions: string[] = [];
    const confirm = async (question: string) => questions.push(question) > 1;
    const probeIn = (terminal: Parameters<typeof runCommand>[2]) =>
      runCommand(['doctor', '--probe', '--answers', world.path('a.json')], world.environment, terminal);
    expect(await probeIn({})).toMatchObject({ code: 2, stderr: expect.stringMatching(/add --yes/) });
    expect(await probeIn({ confirm })).toMatchObject({ code: 2, stderr: expect.stringMatching(/declined/) });
    expect(world.bitbucket.requests).toEqual([]);
    expect((await probeIn({ confirm })).code).toBe(0);
    expect(questions[0]).toMatch(/at most 40 calls/);
  });

  it('is not done where it would only fail', async () => {
    await using world = await startDoorsWorld();
    world.bitbucket.script({ method: 'DELETE', reply: { status: 403 } });
    const { diagnosis } = await visit(world.environment, ['--probe', '--yes', '--answers', world.path('a.json')]);
    expect(diagnosis.checks).toContainEqual(expect.objectContaining({ id: 'probe', outcome: 'skipped' }));
    expect(world.bitbucket.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  it('refuses a file that cannot be written before it does anything', async () => {
    await using world = await startDoorsWorld();
    const { code, stderr } = await runCommand(
      ['doctor', '--probe', '--yes', '--answers', '/nowhere/a.json'],
      world.environment,
    );
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(/no such folder/) });
    expect(world.bitbucket.requests).toEqual([]);
  });

  it('removes what an earlier one left, which a visit without it finds', async () => {
    await using world = await startDoorsWorld();
    world.bitbucket.addRunners(scope, 1, { name: 'autoscaler-probe-old' });
    await expectFault(world.environment, ['scratch', /1 left/, /--probe/]);
    const args = ['doctor', '--probe', '--yes', '--answers', world.path('a.json')];
    expect((await runCommand(args, world.environment)).code).toBe(0);
    expect(world.runners()).toEqual([]);
  });
});
