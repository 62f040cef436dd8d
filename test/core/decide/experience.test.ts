import { describe, expect, it } from 'vitest';
import type { ClassifiedRunner } from '#core/decide/classify.ts';
import { experienceOf, nextExperience } from '#core/decide/experience.ts';
import { bufferFor, isSaturated, runsLow, wishOfBuffer } from '#core/decide/strategies/idle-buffer.ts';
import type { GroupMemory } from '#core/model/observation.ts';
import { NOON, runner } from '#kit/fleet.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const EMPTY: GroupMemory = { idleSince: {}, drainingSince: {} };
const as = (name: 'busy' | 'idle' | 'starting', ...uuids: readonly string[]): readonly ClassifiedRunner[] =>
  uuids.map((uuid) => ({ class: name, runner: runner({ uuid }) }));

describe('doubt', () => {
  const worked: GroupMemory = { ...EMPTY, working: ['a'] };

  it('is about runners that worked at the last look, for less than a minute', () => {
    const seen = as('idle', 'a', 'b');
    expect(experienceOf(worked, seen, NOON).doubtful).toBe(1);
    const { doubts, working } = nextExperience(worked, seen, NOON);
    expect({ doubts, working }).toEqual({ doubts: { a: NOON }, working: [] });
    const later = { ...EMPTY, working: [], doubts: { a: NOON } };
    expect(experienceOf(later, seen, NOON + MINUTE_MS - 1).doubtful).toBe(1);
    expect(nextExperience(later, seen, NOON + 10_000).doubts).toEqual({ a: NOON });
    expect(experienceOf(later, seen, NOON + MINUTE_MS).doubtful).toBeUndefined();
    expect(nextExperience(later, seen, NOON + MINUTE_MS)).not.toHaveProperty('doubts');
  });

  it('ends with a step, and is about nobody who has just come or whose past is unknown', () => {
    expect(experienceOf({ ...worked, doubts: { a: NOON } }, as('busy', 'a'), NOON)).not.toHaveProperty('doubtful');
    expect(experienceOf(worked, as('idle', 'new'), NOON)).not.toHaveProperty('doubtful');
    expect(experienceOf(EMPTY, as('idle', 'a'), NOON)).not.toHaveProperty('doubtful');
  });
});

describe('arrivals', () => {
  it('are runners that work and did not at the last look', () => {
    const earlier = { from: NOON - 5 * MINUTE_MS, steps: 2 };
    const memory = { ...EMPTY, working: ['a'], arrivals: [earlier] };
    const seen = [...as('busy', 'c', 'b', 'a'), ...as('idle', 'd')];
    expect(experienceOf(memory, seen, NOON).arrivals).toBe(4);
    expect(nextExperience(memory, seen, NOON)).toMatchObject({
      working: ['a', 'b', 'c'],
      arrivals: [earlier, { from: NOON, steps: 2 }],
    });
  });

  it('are unknown while no look is remembered', () => {
    expect(experienceOf(EMPTY, as('busy', 'a'), NOON)).toStrictEqual({});
    expect(nextExperience(EMPTY, as('busy', 'a'), NOON)).toEqual({ working: ['a'] });
    expect(nextExperience(EMPTY, [], NOON)).toEqual({});
    expect(nextExperience({ ...EMPTY, working: ['a'] }, [], NOON)).toEqual({ working: [] });
  });

  it('are counted by spans of five minutes and forgotten after an hour', () => {
    const memory = (arrivals: GroupMemory['arrivals']) => ({ ...EMPTY, working: [], arrivals: arrivals ?? [] });
    const next = (arrivals: GroupMemory['arrivals'], at: number) =>
      nextExperience(memory(arrivals), as('busy', 'a'), at).arrivals;
    const before = [{ from: NOON, steps: 2 }];
    const twice = memory([...before, ...before]);
    expect(next(before, NOON + 5 * MINUTE_MS - 1)).toEqual([{ from: NOON, steps: 3 }]);
    expect(next(before, NOON + 5 * MINUTE_MS)).toEqual([...before, { from: NOON + 5 * MINUTE_MS, steps: 1 }]);
    expect(next(before, NOON + HOUR_MS - 1)?.[0]).toEqual(before[0]);
    expect(next(before, NOON + HOUR_MS)).toEqual([{ from: NOON + HOUR_MS, steps: 1 }]);
    expect(experienceOf(twice, [], NOON + HOUR_MS - 1).arrivals).toBe(4);
    expect(experienceOf(twice, [], NOON + HOUR_MS).arrivals).toBe(0);
    const spans = (...steps: number[]) =>
      steps.map((count, index) => ({ from: NOON + index * 5 * MINUTE_MS, steps: count }));
    const inAnHour = (...steps: number[]) => experienceOf(memory(spans(...steps)), [], NOON + 50 * MINUTE_MS).arrivals;
    // The busiest span counts no more than the next: a burst that came once is no rate.
    expect(inAnHour(40)).toBe(0);
    expect(inAnHour(3, 40, 2)).toBe(3 + 3 + 2);
    expect(inAnHour(40, 1, 40)).toBe(81);
    // Nothing new: nothing to save.
    expect(nextExperience(memory(before), [], NOON + 2 * HOUR_MS).arrivals).toEqual(before);
  });
});

describe('a learned buffer', () => {
  const learned = { idleCount: 1, scaleFactor: 0, scaleFactorLimit: 20, learned: true } as const;
  const counts = { busy: 0, idle: 0, starting: 0, draining: 0, dead: 0 };

  it.each([
    ['nothing is known', {}, 1],
    ['nothing comes', { arrivals: 0, startUpMs: 60_000 }, 1],
    ['4 come while a runner starts: 2 more', { arrivals: 120, startUpMs: 60_000 }, 6],
    ['nobody has seen a start', { arrivals: 96 }, 6],
    ['never more than the limit', { arrivals: 3000, startUpMs: 60_000 }, 20],
  ])('%s', (_name, known, buffer) => {
    expect(bufferFor(learned, { ...counts, ...known })).toBe(buffer);
  });

  it('says what it was learned from', () => {
    const { working, because } = wishOfBuffer(
      learned,
      { ...counts, idle: 9, busy: 3, arrivals: 120, startUpMs: 60_000 },
      1,
    );
    expect({ working, because }).toEqual({
      working: 9,
      because: {
        code: 'learned-buffer',
        values: { busy: 3, buffer: 6, arrivals: 120, startUpMs: 60_000, wanted: 9 },
      },
    });
  });

  it.each([
    ['doubles while few are busy', { busy: 5 }, 10],
    ['grows by 8 where more are', { busy: 30 }, 38],
    ['or by itself', { busy: 30, arrivals: 300, startUpMs: 60_000 }, 44],
    ['counts those that may be busy', { busy: 5, idle: 2, doubtful: 2 }, 14],
    ['but not when most have just ended a step', { busy: 2, idle: 3, doubtful: 3 }, 3],
    ['grows with as many that may be busy as are', { busy: 3, idle: 3, doubtful: 3 }, 12],
  ])('while all are busy: %s', (_name, seen, working) => {
    expect(wishOfBuffer(learned, { ...counts, ...seen }, 1).working).toBe(working);
  });

  it.each([
    [{ busy: 1 }, true],
    [{ busy: 0 }, false],
    [{ busy: 0, idle: 1, doubtful: 1 }, true],
    [{ busy: 2, idle: 2, doubtful: 1 }, false],
  ])('a group is saturated: %o', (seen, isIt) => {
    expect(isSaturated({ ...counts, ...seen })).toBe(isIt);
  });

  it.each([
    ['all work', 1, { busy: 1 }, true],
    ['nobody is online', 1, {}, false],
    ['nobody works, and the one may not', 1, { idle: 1 }, false],
    ['the one that is idle may work', 1, { idle: 1, doubtful: 1 }, true],
    ['the one is idle', 1, { busy: 5, idle: 1 }, false],
    ['no buffer, and all work', 0, { busy: 5 }, true],
    ['no buffer, and one is idle', 0, { busy: 5, idle: 1 }, false],
    ['half of the buffer is left', 4, { busy: 5, idle: 2 }, false],
    ['less than half of it', 4, { busy: 5, idle: 1 }, true],
    ['less than half of it for sure', 4, { busy: 5, idle: 3, doubtful: 2 }, true],
  ])('the queue is asked where %s (buffer %i)', (_name, idleCount, seen, isIt) => {
    expect(runsLow({ idleCount, scaleFactor: 0, scaleFactorLimit: 20 }, { ...counts, ...seen })).toBe(isIt);
  });
});
