/**
 * Atlassian's rule, by the share of online runners that are busy. Where nothing is starting or draining it gives what
 * theirs gives, their strict comparisons, ceil and floor included (also in binary floating point: ceil(50 × 1.1) is 56
 * there and here). Where theirs is known to be wrong it differs, on purpose: starting runners count, and a group below
 * `min` is filled up to `min`.
 */
import * as z from 'zod';
import { type Finding, type Path, problem, warning } from '#yaml/finding.ts';
import type { Counts } from '../../model/decision.ts';
import { percent } from '../../quantities.ts';
import { MINUTE_MS } from '../../time.ts';
import { reasonsIn, type Strategy, type Wish, type WrittenGroup } from './strategy.ts';

/** Scale by the share of online runners that are busy. Both comparisons are strict. */
export type PercentageRunnersIdle = {
  readonly kind: 'percentageRunnersIdle';
  /** Share of busy runners above which runners are added, in (0, 1]. */
  readonly scaleUpThreshold: number;
  /** Share of busy runners below which idle runners go, in (0, 1]. */
  readonly scaleDownThreshold: number;
  /** > 1; the new number of online runners is ceil(online × this). */
  readonly scaleUpMultiplier: number;
  /** In (0, 1); floor(idle × this) idle runners stay. */
  readonly scaleDownMultiplier: number;
};

/** Atlassian's spellings of the four parameters: since 2.0, and before. Both are accepted. */
export const SPELLINGS = [
  ['scale_up_threshold', 'scaleUpThreshold'],
  ['scale_down_threshold', 'scaleDownThreshold'],
  ['scale_up_multiplier', 'scaleUpMultiplier'],
  ['scale_down_multiplier', 'scaleDownMultiplier'],
] as const;

const threshold = z.number().gt(0).lte(1).optional();
const growth = z.number().gt(1).optional();
const rest = z.number().gt(0).lt(1).optional();
const earlier = (name: string) => ({ description: `${name} in the spelling of 1.x.` });

const words = {
  'busy-share-high': (v: { busy: number; usable: number; share: number; threshold: number; wanted: number }) =>
    `${v.busy} of ${v.usable} busy (${percent(v.share)}) is above ${percent(v.threshold)}, so ${v.wanted} are wanted`,
  'busy-share-low': (v: {
    busy: number;
    usable: number;
    share: number;
    threshold: number;
    idle: number;
    keepIdle: number;
  }) =>
    `${v.busy} of ${v.usable} busy (${percent(v.share)}) is below ${percent(v.threshold)}, so ${v.keepIdle} of ${v.idle} idle runners stay`,
  steady: (v: { busy: number; usable: number; share: number; lower: number; upper: number }) =>
    `${v.busy} of ${v.usable} busy (${percent(v.share)}) lies between ${percent(v.lower)} and ${percent(v.upper)}`,
  'nothing-usable': (v: { starting: number; min: number }) =>
    `no runner is online, ${v.starting} starting, min is ${v.min}`,
  'idle-at-min': (v: { idle: number; min: number }) => `${v.idle} idle, no more than min ${v.min}, so none goes`,
};

const because = reasonsIn(words);

/** Atlassian's rule as a strategy. */
export const percentageRunnersIdle: Strategy<PercentageRunnersIdle, typeof words> = {
  kind: 'percentageRunnersIdle',
  parameters: {
    scale_up_threshold: threshold.meta({ description: 'Runners are added when the busy share is above this.' }),
    scaleUpThreshold: threshold.meta(earlier('scale_up_threshold')),
    scale_down_threshold: threshold.meta({ description: 'Idle runners go when the busy share is below this.' }),
    scaleDownThreshold: threshold.meta(earlier('scale_down_threshold')),
    scale_up_multiplier: growth.meta({ description: 'The growth of one step up: above 1.' }),
    scaleUpMultiplier: growth.meta(earlier('scale_up_multiplier')),
    scale_down_multiplier: rest.meta({
      description: 'The share of idle runners that stays in one step down: between 0 and 1.',
    }),
    scaleDownMultiplier: rest.meta(earlier('scale_down_multiplier')),
  },
  groupKeys: [],
  editorRules: { allOf: SPELLINGS.map((spelling) => ({ oneOf: spelling.map((key) => ({ required: [key] })) })) },
  check: (path, { group, parameters, present }) => [
    ...spellingFindings(path, present),
    ...(group.wake === undefined ? zeroFindings(path, parameters.min) : []),
    ...crossed(path, parameters),
  ],
  settings: ({ parameters }) => {
    const [scaleUpThreshold, scaleDownThreshold, scaleUpMultiplier, scaleDownMultiplier] = valuesOf(parameters);
    if (scaleUpThreshold === undefined || scaleDownThreshold === undefined) return undefined;
    if (scaleUpMultiplier === undefined || scaleDownMultiplier === undefined) return undefined;
    const rule = { scaleUpThreshold, scaleDownThreshold, scaleUpMultiplier, scaleDownMultiplier };
    return { kind: 'percentageRunnersIdle', ...rule };
  },
  // The rule halves what is idle step by step, which steadies it already.
  stay: () => ({ coolDownMs: 5 * MINUTE_MS, stabilisationWindowMs: 0 }),
  keepsAwake: () => false,
  wish,
  words,
};

/** What the share of busy runners asks for. */
function wish(strategy: PercentageRunnersIdle, counts: Counts, min: number): Wish {
  const { busy, idle, starting } = counts;
  const usable = busy + idle;
  const working = usable + starting;
  // Stryker disable next-line ConditionalExpression: 0 / 0 is above no threshold either, but nobody should have to know.
  const share = usable === 0 ? 0 : busy / usable;
  const seen = { busy, usable, share };

  if (share > strategy.scaleUpThreshold) {
    const wanted = Math.max(min, Math.ceil(usable * strategy.scaleUpMultiplier));
    if (wanted <= working) return { working, because: because('starting-suffice', { starting, wanted, usable }) };
    const values = { ...seen, threshold: strategy.scaleUpThreshold, wanted };
    return { working: wanted, because: because('busy-share-high', values) };
  }
  if (working < min) return { working: min, because: because('below-min', { min, usable, starting }) };
  if (usable === 0) return { working, because: because('nothing-usable', { starting, min }) };
  if (share >= strategy.scaleDownThreshold) {
    const values = { ...seen, lower: strategy.scaleDownThreshold, upper: strategy.scaleUpThreshold };
    return { working, because: because('steady', values) };
  }
  if (idle <= min) return { working, because: because('idle-at-min', { idle, min }) };
  const keepIdle = Math.max(min, Math.floor(idle * strategy.scaleDownMultiplier));
  const values = { ...seen, threshold: strategy.scaleDownThreshold, idle, keepIdle };
  return { working: busy + keepIdle + starting, because: because('busy-share-low', values) };
}

/** The four parameters, in whichever spelling they are. */
function valuesOf(parameters: WrittenGroup['parameters']): readonly (number | undefined)[] {
  return SPELLINGS.map(([snake, camel]) =>
    z
      .number()
      .optional()
      .parse(parameters[snake] ?? parameters[camel]),
  );
}

function spellingFindings(path: Path, present: readonly string[]): readonly Finding[] {
  const prefersCamel = SPELLINGS.some(([, camel]) => present.includes(camel));
  return SPELLINGS.flatMap(([snake, camel]) => {
    const isSnake = present.includes(snake);
    const isCamel = present.includes(camel);
    if (isSnake && isCamel) return [problem([...path, camel], `is "${snake}" once more; remove one of them`, 'key')];
    return isSnake || isCamel ? [] : [problem([...path, prefersCamel ? camel : snake], 'is missing')];
  });
}

function zeroFindings(path: Path, min: unknown): readonly Finding[] {
  if (min !== 0) return [];
  const message =
    'with 0 the group never starts by itself: a step that finds no online runner fails at once, and no runner means no busy share; use at least 1';
  return [warning([...path, 'min'], message)];
}

function crossed(path: Path, parameters: WrittenGroup['parameters']): readonly Finding[] {
  const [up, down] = valuesOf(parameters);
  const key = parameters.scale_down_threshold === undefined ? 'scaleDownThreshold' : 'scale_down_threshold';
  if (down === undefined || up === undefined || down < up) return [];
  const message = `is ${down}, but has to be below the scale-up threshold (${up}); otherwise the group grows and shrinks at once`;
  return [problem([...path, key], message)];
}
