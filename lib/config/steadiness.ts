/**
 * Settings of a strategy under which a group never grows, or grows and shrinks for ever although its load stays the same.
 * Pure.
 */
import { wishOf } from '#core/decide/strategies/index.ts';
import { SPELLINGS } from '#core/decide/strategies/percentage-runners-idle.ts';
import type { PercentageRunnersIdle, Strategy } from '#core/model/configuration.ts';
import { type Finding, type Path, warning, when } from '#yaml/finding.ts';

/** A warning where the settings never grow or swing, between `min` and `max`; `present` are the keys at `path`. */
export function steadinessFindings(
  path: Path,
  settings: Strategy,
  { min, max, present }: { readonly min: number; readonly max: number; readonly present: readonly string[] },
): readonly Finding[] {
  const swing = maySwing(settings) ? findSwing(settings, min, max) : undefined;
  const told =
    swing === undefined
      ? ''
      : `swings while the load stays the same: with ${swing.load} steps at all times the group goes from ${swing.low} to ${swing.high} runners and back`;
  if (settings.kind !== 'percentageRunnersIdle') {
    return when(
      swing !== undefined,
      warning([...path, 'idleCount'], `is 0, so that the group ${told}; use at least 1`),
    );
  }
  const { scaleUpThreshold: up, scaleDownThreshold: down, scaleUpMultiplier: growth } = settings;
  const next = `use at most ${floored(up / down)}, or a scale-down threshold of at most ${floored(up / growth)}`;
  const [upKey, , growthKey] = SPELLINGS.map((keys) => keys.find((key) => present.includes(key)) ?? keys[0]);
  return [
    ...when(
      up === 1,
      warning(
        [...path, upKey ?? ''],
        'is 1, which no busy share is above, so the group never grows beyond min; use 0.8',
      ),
    ),
    ...when(
      swing !== undefined,
      warning([...path, growthKey ?? ''], `is ${growth}, so that the group ${told}; ${next}`),
    ),
  ];
}

/** The rule by which settings may swing; the others come to rest at every load, but for a runner of rounding. */
function maySwing(settings: Strategy): boolean {
  switch (settings.kind) {
    case 'percentageRunnersIdle':
      return passesBothThresholds(settings);
    case 'idleBuffer':
      // All busy means double, and what is idle then is not wanted.
      return Math.min(settings.scaleFactorLimit, Math.max(settings.idleCount, settings.scaleFactor)) === 0;
    default:
      return false;
  }
}

/**
 * With L steps at all times and n runners, a step up starts below n = L ÷ `up` and ends below `growth` × L ÷ `up`; a step
 * down starts above n = L ÷ `down`, keeps the share `rest` of what is idle, and ends above L + `rest` × (L ÷ `down` − L).
 * Between L ÷ `up` and L ÷ `down` the group rests. So it can swing only if a step up passes the lower threshold
 * (`growth` > `up` ÷ `down`) and a step down the upper one (1 + `rest` × (1 ÷ `down` − 1) < 1 ÷ `up`).
 */
function passesBothThresholds({
  scaleUpThreshold: up,
  scaleDownThreshold: down,
  scaleUpMultiplier: growth,
  scaleDownMultiplier: rest,
}: PercentageRunnersIdle): boolean {
  return down < up && growth > up / down && 1 + rest * (1 / down - 1) < 1 / up;
}

type Swing = { readonly load: number; readonly low: number; readonly high: number };

/** Whether it does depends on rounding and on the bounds, so the rule is played at each load: the first swing. */
function findSwing(settings: Strategy, min: number, max: number): Swing | undefined {
  for (let load = 1; load <= max; load += 1) {
    const cycles = [min, max].map((from) => cycleFrom(settings, { load, runners: from, min, max }));
    const swing = cycles.find(({ length }) => length > 1);
    if (swing !== undefined) return { load, low: Math.min(...swing), high: Math.max(...swing) };
  }
  return undefined;
}

/** The numbers of runners that come again and again; one, where the group comes to rest. */
function cycleFrom(settings: Strategy, state: State): readonly number[] {
  const seen: number[] = [];
  let { runners } = state;
  while (!seen.includes(runners)) {
    seen.push(runners);
    runners = nextSize(settings, { ...state, runners });
  }
  return seen.slice(seen.indexOf(runners));
}

type State = { readonly load: number; readonly runners: number; readonly min: number; readonly max: number };

function nextSize(settings: Strategy, { load, runners, min, max }: State): number {
  const busy = Math.min(load, runners);
  const counts = { busy, idle: runners - busy, starting: 0, draining: 0, dead: 0 };
  return Math.min(max, wishOf(settings, counts, min).working);
}

/** Two digits, never more than it is. */
function floored(value: number): number {
  return Math.floor(value * 100) / 100;
}
