/** What a strategy makes of the parameters that are written for it, and what it says is wrong with them. */
import { describe, expect, it } from 'vitest';
import { idleBuffer } from '#core/decide/strategies/idle-buffer.ts';
import { queueOf } from '#core/decide/strategies/index.ts';
import { percentageRunnersIdle } from '#core/decide/strategies/percentage-runners-idle.ts';
import { queueAware } from '#core/decide/strategies/queue-aware.ts';
import { STRATEGIES } from '#kit/strategies.ts';
import { problem, warning } from '#yaml/finding.ts';

const AT = ['groups', 0, 'parameters'];
const BOUNDS = { min: 1, max: 10 };
const SNAKE = {
  scale_up_threshold: 0.5,
  scale_down_threshold: 0.2,
  scale_up_multiplier: 1.5,
  scale_down_multiplier: 0.5,
};
const CAMEL = { scaleUpThreshold: 0.5, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 };

const written = (parameters: Readonly<Record<string, unknown>>, most = 10) => ({
  group: {},
  parameters: { ...BOUNDS, ...parameters },
  present: Object.keys({ ...BOUNDS, ...parameters }),
  most,
});

describe('percentageRunnersIdle', () => {
  const crossed =
    'is 0.6, but has to be below the scale-up threshold (0.5); otherwise the group grows and shrinks at once';

  it.each([
    ['is content with the spelling of 2.0', SNAKE, []],
    ['is content with the spelling of 1.x', CAMEL, []],
    [
      'names what is written twice by its key',
      { ...SNAKE, scaleUpThreshold: 0.5 },
      [problem([...AT, 'scaleUpThreshold'], 'is "scale_up_threshold" once more; remove one of them', 'key')],
    ],
    [
      'names thresholds that cross where they stand',
      { ...SNAKE, scale_down_threshold: 0.6 },
      [problem([...AT, 'scale_down_threshold'], crossed)],
    ],
    [
      'names them in the spelling of 1.x too',
      { ...CAMEL, scaleDownThreshold: 0.6 },
      [problem([...AT, 'scaleDownThreshold'], crossed)],
    ],
  ])('%s', (_, parameters, findings) => {
    expect(percentageRunnersIdle.check(AT, written(parameters))).toEqual(findings);
  });

  it('warns of a min of 0, unless pipelines can wake the group', () => {
    const asleep = written({ ...SNAKE, min: 0 });
    const message =
      'with 0 the group never starts by itself: a step that finds no online runner fails at once, and no runner means no busy share; use at least 1';
    expect(percentageRunnersIdle.check(AT, asleep)).toEqual([warning([...AT, 'min'], message)]);
    expect(percentageRunnersIdle.check(AT, { ...asleep, group: { wake: {} } })).toEqual([]);
  });

  it.each([
    ['snake case', SNAKE],
    ['camel case', CAMEL],
  ])('has the same settings from %s', (_, parameters) => {
    expect(percentageRunnersIdle.settings(written(parameters))).toEqual({ kind: 'percentageRunnersIdle', ...CAMEL });
  });

  it.each(Object.keys(SNAKE))('has none without %s', (missing) => {
    expect(percentageRunnersIdle.settings(written({ ...SNAKE, [missing]: undefined }))).toBeUndefined();
  });

  it('keeps nobody awake', () => {
    expect(percentageRunnersIdle.keepsAwake({})).toBe(false);
  });
});

describe('idleBuffer', () => {
  const above = 'is 11, which is more than max (10), so the group always has 10; lower it, or raise max';

  it.each([
    ['is content with its defaults', {}, 10, []],
    ['warns of more idle runners than max', { idleCount: 11 }, 10, [warning([...AT, 'idleCount'], above)]],
    ['is content with as many as max', { idleCount: 10 }, 10, []],
    ['says nothing of max where none is valid, since that is told elsewhere', { idleCount: 11 }, 0, []],
  ])('%s', (_, parameters, most, findings) => {
    expect(idleBuffer.check(AT, written(parameters, most))).toEqual(findings);
  });
});

describe('idleBuffer that may be empty', () => {
  const empty = written({ min: 0, idleCount: 0 });

  it('warns that the group never starts by itself, unless pipelines can wake it', () => {
    expect(idleBuffer.check(AT, empty)).toMatchObject([{ path: [...AT, 'min'] }]);
    expect(idleBuffer.check(AT, { ...empty, group: { wake: {} } })).toEqual([]);
    expect(idleBuffer.check(AT, written({ min: 0, idleCount: 1 }))).toEqual([]);
    expect(idleBuffer.check(AT, written({ min: 1, idleCount: 0 }))).toEqual([]);
  });
});

describe('queueAware', () => {
  const GROUP = ['groups', 0];
  const check = (group: Readonly<Record<string, unknown>>) => queueAware.checkGroup?.(GROUP, group, Object.keys(group));

  it.each([
    ['all of the workspace', {}, []],
    ['repositories, each once', { repositories: ['a', 'b'] }, []],
    [
      'a key that belongs to groups of a workspace',
      { repository: 'site', repositories: ['a'] },
      [
        problem(
          [...GROUP, 'repositories'],
          'belongs to groups of a workspace; this one looks at its own repository, "site": remove the key',
          'key',
        ),
      ],
    ],
    [
      'both ways at once',
      { repositories: ['a'], repositoryQuery: 'b' },
      [problem([...GROUP, 'repositoryQuery'], 'excludes repositories; keep one of them', 'key')],
    ],
    [
      'a repository twice',
      { repositories: ['a', 'b', 'a'] },
      [problem([...GROUP, 'repositories', 2], '"a" is in the list already; remove one of them')],
    ],
  ])('asked for %s', (_, group, findings) => {
    expect(check(group)).toEqual(findings);
  });

  it.each([
    ['all, without a query', {}, { kind: 'query' }],
    ['those of a query', { repositoryQuery: 'x' }, { kind: 'query', query: 'x' }],
  ])('looks at %s', (_, group, repositories) => {
    expect(queueAware.settings({ ...written({}), group })?.repositories).toStrictEqual(repositories);
  });

  it.each([
    ['while all that are online work', { busy: 2, idle: 0 }, true],
    ['while all that are idle may work', { busy: 1, idle: 2, doubtful: 2 }, true],
    ['also where none shows a step', { busy: 0, idle: 2, doubtful: 2 }, true],
    ['not while one has rested', { busy: 1, idle: 2, doubtful: 1 }, false],
    ['not while one is idle', { busy: 2, idle: 1 }, false],
    ['not while none is online', { busy: 0, idle: 0 }, false],
  ])('asks for its queue: %s', (_, online, asks) => {
    const { strategy } = STRATEGIES.queueAware;
    const counts = { ...online, starting: 1, draining: 0, dead: 0 };
    expect(queueOf(strategy, counts, false)).toEqual(asks ? strategy.repositories : undefined);
  });
});

it.each(['percentageRunnersIdle', 'idleBuffer'] as const)('%s asks for no queue', (kind) => {
  const counts = { busy: 2, idle: 0, starting: 0, draining: 0, dead: 0 };
  expect(queueOf(STRATEGIES[kind].strategy, counts, true)).toBeUndefined();
});
