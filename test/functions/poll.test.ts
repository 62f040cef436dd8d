/** When an invocation ticks, in a time that only passes where the test says so. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Pace, poll, shiftOf } from '../../functions/poll.ts';

const SECOND = 1_000;

/** Polls with ticks that take so long each; gives when they began. */
async function startsOf({
  everyMs = 10 * SECOND,
  shiftMs = 0,
  limitMs = 75 * SECOND,
  tickMs = () => 300,
  goesOn = () => true,
}: {
  everyMs?: number;
  shiftMs?: number;
  limitMs?: number;
  tickMs?: (index: number) => number;
  goesOn?: (index: number) => boolean;
} = {}): Promise<readonly number[]> {
  let now = 0;
  const starts: number[] = [];
  const tick = async () => {
    const index = starts.push(now) - 1;
    now += tickMs(index);
    return index;
  };
  const sleep = async (ms: number) => {
    now += ms;
  };
  const pace: Pace = { everyMs, shiftMs, remainingMs: () => limitMs - now, sleep };
  const results = await poll(tick, goesOn, pace);
  expect(results).toEqual(starts.map((_, index) => index));
  return starts;
}

describe('ticks begin', () => {
  const seconds = (...list: readonly number[]) => list.map((second) => second * SECOND);
  it.each([
    ['every 10 s, until the minute is nearly over', {}, seconds(0, 10, 20, 30, 40, 50)],
    ['shifted as a whole', { shiftMs: 3_000 }, seconds(3, 13, 23, 33, 43, 53)],
    ['as late as 55 s, and no later', { everyMs: 5 * SECOND }, seconds(0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55)],
    [
      'not after 55 s',
      { everyMs: 5 * SECOND, shiftMs: 1 },
      [1, 5_001, 10_001, 15_001, 20_001, 25_001, 30_001, 35_001, 40_001, 45_001, 50_001],
    ],
    ['twice where the pace is half a minute', { everyMs: 30 * SECOND }, seconds(0, 30)],
    ['once where the next would be the next minute’s', { everyMs: 56 * SECOND }, seconds(0)],
    ['only while there is time to look and to act: 20 s', { limitMs: 50 * SECOND }, seconds(0, 10, 20, 30)],
    ['not with 1 ms less', { limitMs: 50 * SECOND - 1 }, seconds(0, 10, 20)],
    ['once, however little time there is', { limitMs: SECOND }, seconds(0)],
    [
      'in step again after one that takes longer',
      { tickMs: (index: number) => (index === 1 ? 12_000 : 300) },
      seconds(0, 10, 30, 40, 50),
    ],
    ['in the next step after one that ends on it', { tickMs: () => 10_000 }, seconds(0, 20, 40)],
    ['not again after one that says so', { goesOn: (index: number) => index < 2 }, seconds(0, 10, 20)],
  ])('%s', async (_, options, expected) => {
    expect(await startsOf(options)).toEqual(expected);
  });

  it('once without a pace, and nobody is asked to go on', async () => {
    const never = () => expect.unreachable();
    expect(await poll(async () => 'ticked', never, undefined)).toEqual(['ticked']);
  });

  it('apart by a multiple of the pace, never two at once, in any world', async () => {
    const world = fc.record({
      everyMs: fc.integer({ min: 5_000, max: 59_999 }),
      spread: fc.nat(),
      limitMs: fc.integer({ min: 1_000, max: 900_000 }),
      durations: fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 12, maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(world, async ({ everyMs, spread, limitMs, durations }) => {
        const shiftMs = shiftOf(spread, everyMs);
        const tickMs = (index: number) => durations[index] ?? 1;
        const starts = await startsOf({ everyMs, shiftMs, limitMs, tickMs });
        for (const [index, start] of starts.entries()) {
          expect((start - shiftMs) % everyMs).toBe(0);
          expect(index === 0 || (start <= 55_000 && limitMs - start >= 20_000)).toBe(true);
          expect(start).toBeGreaterThanOrEqual(index === 0 ? 0 : (starts[index - 1] ?? 0) + tickMs(index - 1));
        }
      }),
    );
  });
});

describe('the first tick', () => {
  it.each([
    [12_345, 10_000, 2_345],
    [5_000, 10_000, 0],
    [4_999, 10_000, 4_999],
    [4_999, 5_000, 4_999],
  ])('of spread %d at a pace of %d ms waits for %d ms', (spread, everyMs, shift) => {
    expect(shiftOf(spread, everyMs)).toBe(shift);
  });
});
