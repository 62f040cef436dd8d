import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from '#core/decide/decide.ts';
import type { PercentageRunnersIdle } from '#core/model/configuration.ts';
import { atlassianDecides } from '#kit/atlassian.ts';
import { GUIDE, group, groupObservation, NOON, observation, population } from '#kit/fleet.ts';

const strategies: fc.Arbitrary<PercentageRunnersIdle> = fc
  .record({
    thresholds: fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100 })),
    up: fc.integer({ min: 101, max: 400 }),
    down: fc.integer({ min: 1, max: 99 }),
  })
  .map(({ thresholds: [a, b], up, down }) => ({
    kind: 'percentageRunnersIdle',
    scaleUpThreshold: Math.max(a, b) / 100,
    scaleDownThreshold: Math.min(a, b) / 100,
    scaleUpMultiplier: up / 100,
    scaleDownMultiplier: down / 100,
  }));

const situations = fc.record({
  strategy: strategies,
  min: fc.integer({ min: 0, max: 12 }),
  spread: fc.integer({ min: 1, max: 30 }),
  busy: fc.nat(30),
  idle: fc.nat(30),
});

/** Our decision as a number of runners more or fewer, all idle ones being rested. */
function change({ strategy, min, spread, busy, idle }: typeof situations extends fc.Arbitrary<infer S> ? S : never) {
  const runners = population({ busy, idle });
  const [decided] = decide(
    observation([
      groupObservation({
        group: group({ strategy, min, max: min + spread, maxCreatesPerTick: 1000 }),
        runners,
        memory: { idleSince: Object.fromEntries(runners.map(({ uuid }) => [uuid, NOON - 300_000])), drainingSince: {} },
      }),
    ]),
  );
  return (decided?.decision.to ?? Number.NaN) - (decided?.decision.from ?? Number.NaN);
}

describe("equality with Atlassian's decisions", () => {
  it('holds wherever nothing is starting or draining and none of its defects is involved', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const { strategy, min, spread, busy, idle } = situation;
        const online = busy + idle;
        // Defect 3: below min it multiplies what is online. Defect 1: above max it does not shrink.
        fc.pre(online === 0 || online >= min);
        fc.pre(online <= min + spread);
        const theirs = atlassianDecides(strategy, { min, max: min + spread }, { busy, idle });
        const signed = theirs.action === 'remove' ? -theirs.count : theirs.count;
        expect(change(situation)).toBe(signed + 0);
      }),
      { numRuns: 5000 },
    );
  });

  it('differs below min only by filling up to min where theirs would stop short of it', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        const { strategy, min, spread, busy, idle } = situation;
        fc.pre(busy + idle > 0 && busy + idle < min);
        const theirs = atlassianDecides(strategy, { min, max: min + spread }, { busy, idle });
        const shareHigh = busy / (busy + idle) > strategy.scaleUpThreshold;
        const toMin = min - busy - idle;
        expect(change(situation)).toBe(shareHigh ? Math.max(theirs.count, toMin) : toMin);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps their floating point: ceil(50 × 1.1) is 56', () => {
    const strategy = { ...GUIDE, scaleUpMultiplier: 1.1 };
    expect(change({ strategy, min: 1, spread: 99, busy: 50, idle: 0 })).toBe(6);
  });
});
