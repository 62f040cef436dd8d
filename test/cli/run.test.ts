import { describe, expect, it } from 'vitest';
import { repeat } from '../../cli/repeat.ts';
import { startCommand } from '../doors/command.ts';
import { configuration, startDoorsWorld } from '../doors/world.ts';

describe('repeat', () => {
  it.each([
    ['keeps its pace from start to start', [300, 300, 300], [700, 700]],
    ['never overlaps a round that takes too long', [300, 2_500, 300], [700, 0]],
  ])('%s', async (_, durations, sleeps) => {
    const controller = new AbortController();
    let clock = 0;
    const slept: number[] = [];
    let rounds = 0;
    const round = async () => {
      clock += durations[rounds] ?? 0;
      rounds += 1;
      if (rounds === durations.length) controller.abort();
    };
    const sleep = async (ms: number) => {
      slept.push(ms);
      clock += ms;
    };
    await repeat(round, { everyMs: 1_000, signal: controller.signal, now: () => clock, sleep });
    expect({ rounds, slept }).toEqual({ rounds: durations.length, slept: sleeps });
  });

  it('does nothing once the signal has come', async () => {
    const round = () => Promise.reject(new Error('never'));
    const pace = { everyMs: 1, signal: AbortSignal.abort(), now: () => 0, sleep: () => Promise.resolve() };
    await expect(repeat(round, pace)).resolves.toBeUndefined();
  });
});

describe('run', () => {
  it('ticks at its pace and ends at once between two ticks', async () => {
    await using world = await startDoorsWorld();
    const { signal, clock, seen, ended } = startCommand(['run', '--every', '1m'], world.environment);
    await seen('stdout', /added 3 runners/);
    clock.advance(60_000);
    await seen('stdout', /\n.* 1 hold; 3 runners/);
    signal('SIGINT');
    expect(await ended).toMatchObject({ code: 0, stderr: expect.stringMatching(/stopped after 2 ticks\n$/) });
  });

  it('every 5s, with a list that is 20 s late: 6 of 6 are registered, and never more', async () => {
    await using world = await startDoorsWorld(configuration({ min: 6, max: 6 }));
    // What is made by the first look is in no list of the next four.
    const reply = { status: 200, body: { size: 0, page: 1, pagelen: 100, values: [] } };
    world.bitbucket.script({ method: 'GET', path: 'runners?pagelen', times: 5, reply });
    const { signal, clock, seen, ended } = startCommand(['run', '--every', '5s', '--json'], world.environment);
    for (let look = 1; look <= 8; look += 1) {
      await seen('stdout', new RegExp(`^(?:.*\\n){${look}}`));
      expect(world.bitbucket.runners({ workspace: 'acme' })).toHaveLength(6);
      clock.advance(5_000);
    }
    signal('SIGTERM');
    expect((await ended).code).toBe(0);
  });

  it('reads the configuration anew, shows what fails, and goes on', async () => {
    await using world = await startDoorsWorld();
    const { signal, clock, seen, ended } = startCommand(['run', '--every', '1s', '--json'], world.environment);
    await seen('stdout', /"action":"scale-up","from":0,"to":3.*\n/);
    await world.write('runners_config.yaml', configuration({ min: 9, max: 2, name: '' }));
    clock.advance(1_000);
    await seen(
      'stderr',
      /^error: .*runners_config\.yaml:.* groups\[0\]\.name: .*\nerror: .* groups\[0\]\.parameters\.min: /m,
    );
    await seen('stdout', /"error":.*\n/);
    await world.write('runners_config.yaml', configuration({ min: 4 }));
    clock.advance(1_000);
    await seen('stdout', /"action":"scale-up","from":3,"to":4.*\n/);
    signal('SIGTERM');

    const { code, stdout } = await ended;
    expect(code).toBe(0);
    const documents = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(documents.some(({ error }) => error?.problems.length > 0)).toBe(true);
    expect(documents.filter(({ version }) => version === 1).length).toBeGreaterThanOrEqual(2);
  });
});
