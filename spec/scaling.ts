/**
 * The specification of `percentageRunnersIdle` as a table: the tests run it and docs/scaling.md shows it.
 * All rows have the parameters of the original guide unless `over` says otherwise: up above 50 % × 1.5, down below
 * 20 % × 0.5, min 1, max 10, and idle runners that have been idle long enough to go.
 */
import type { PercentageRunnersIdle, RunnerGroup } from '#core/model/configuration.ts';
import type { ReasonCode } from '#core/reasons.ts';

export type ScalingRow = {
  readonly name: string;
  /** Runners by class; what is not named is 0. */
  readonly seen: {
    readonly busy?: number;
    readonly idle?: number;
    readonly starting?: number;
    readonly draining?: number;
    readonly dead?: number;
  };
  readonly over?: Partial<Pick<RunnerGroup, 'min' | 'max' | 'maxCreatesPerTick'>> & {
    readonly strategy?: Partial<PercentageRunnersIdle>;
  };
  readonly action: 'scale-up' | 'scale-down' | 'hold';
  /** Busy + idle + starting after the plan. */
  readonly to: number;
  readonly reason: ReasonCode;
  readonly bounds?: readonly ReasonCode[];
  /** What Atlassian's autoscaler does where it differs, and why ours does not. */
  readonly atlassian?: string;
};

export const SCALING_ROWS: readonly ScalingRow[] = [
  { name: 'nothing there, min 1', seen: {}, action: 'scale-up', to: 1, reason: 'below-min' },
  { name: 'nothing there, min 4', seen: {}, over: { min: 4 }, action: 'scale-up', to: 4, reason: 'below-min' },
  { name: 'nothing there, min 0', seen: {}, over: { min: 0 }, action: 'hold', to: 0, reason: 'nothing-usable' },
  {
    name: 'min is already on its way',
    seen: { starting: 4 },
    over: { min: 4 },
    action: 'hold',
    to: 4,
    reason: 'nothing-usable',
    atlassian: 'creates min again on every poll until the first runner is online',
  },
  {
    name: 'draining runners are replaced',
    seen: { draining: 2 },
    over: { min: 2 },
    action: 'scale-up',
    to: 2,
    reason: 'below-min',
  },
  {
    name: 'dead registrations are no runners',
    seen: { idle: 1, dead: 2 },
    over: { min: 2 },
    action: 'scale-up',
    to: 2,
    reason: 'below-min',
  },
  {
    name: 'below min and quiet: topped up to min',
    seen: { idle: 2 },
    over: { min: 8 },
    action: 'scale-up',
    to: 8,
    reason: 'below-min',
    atlassian: 'creates ceil(2 × 1.5) − 2 = 1',
  },
  {
    name: 'below min and all busy: whichever is more',
    seen: { busy: 2 },
    over: { min: 3, strategy: { scaleUpMultiplier: 3 } },
    action: 'scale-up',
    to: 6,
    reason: 'busy-share-high',
  },
  { name: '100 % busy, 50 % threshold', seen: { busy: 4 }, action: 'scale-up', to: 6, reason: 'busy-share-high' },
  {
    name: 'ceil: one busy runner grows to two',
    seen: { busy: 1 },
    action: 'scale-up',
    to: 2,
    reason: 'busy-share-high',
  },
  {
    name: 'exactly at the upper threshold: strict, so nothing',
    seen: { busy: 2, idle: 2 },
    action: 'hold',
    to: 4,
    reason: 'steady',
  },
  {
    name: 'just above the upper threshold',
    seen: { busy: 3, idle: 2 },
    action: 'scale-up',
    to: 8,
    reason: 'busy-share-high',
  },
  {
    name: 'starting runners count',
    seen: { busy: 4, starting: 2 },
    action: 'hold',
    to: 6,
    reason: 'starting-suffice',
    atlassian: 'creates 2 more on every poll while they start: 18 runners with max 10 were measured',
  },
  {
    name: 'starting runners count in part',
    seen: { busy: 4, starting: 1 },
    action: 'scale-up',
    to: 6,
    reason: 'busy-share-high',
    atlassian: 'creates 2, ignoring the one that starts',
  },
  { name: 'capped at max', seen: { busy: 8 }, action: 'scale-up', to: 10, reason: 'busy-share-high', bounds: ['max'] },
  { name: 'at max', seen: { busy: 10 }, action: 'hold', to: 10, reason: 'no-room', bounds: ['max'] },
  {
    name: 'draining and dead registrations count towards max',
    seen: { busy: 6, draining: 2, dead: 1 },
    action: 'scale-up',
    to: 7,
    reason: 'busy-share-high',
    bounds: ['max'],
    atlassian: 'counts online runners only and exceeds max',
  },
  {
    name: 'at most so many creates per tick',
    seen: { busy: 4 },
    over: { maxCreatesPerTick: 1 },
    action: 'scale-up',
    to: 5,
    reason: 'busy-share-high',
    bounds: ['max-creates-per-tick'],
  },
  {
    name: 'all idle: half of the idle ones go',
    seen: { idle: 8 },
    action: 'scale-down',
    to: 4,
    reason: 'busy-share-low',
  },
  {
    name: 'floor: of five idle ones two stay',
    seen: { idle: 5 },
    action: 'scale-down',
    to: 2,
    reason: 'busy-share-low',
  },
  {
    name: 'never fewer idle ones than min',
    seen: { idle: 8 },
    over: { min: 6 },
    action: 'scale-down',
    to: 6,
    reason: 'busy-share-low',
  },
  { name: 'idle runners at min stay', seen: { idle: 1 }, action: 'hold', to: 1, reason: 'idle-at-min' },
  {
    name: 'exactly at the lower threshold: strict, so nothing',
    seen: { busy: 1, idle: 4 },
    action: 'hold',
    to: 5,
    reason: 'steady',
  },
  {
    name: 'just below the lower threshold',
    seen: { busy: 1, idle: 5 },
    action: 'scale-down',
    to: 3,
    reason: 'busy-share-low',
  },
  {
    name: 'min 0: the last idle one goes',
    seen: { idle: 1 },
    over: { min: 0 },
    action: 'scale-down',
    to: 0,
    reason: 'busy-share-low',
  },
  {
    name: 'scale-down leaves starting runners alone',
    seen: { idle: 8, starting: 2 },
    action: 'scale-down',
    to: 6,
    reason: 'busy-share-low',
  },
  {
    name: 'above max, all busy: nobody is touched',
    seen: { busy: 12 },
    action: 'hold',
    to: 12,
    reason: 'no-room',
    bounds: ['max'],
  },
  {
    name: 'above max: starting runners go before idle ones',
    seen: { busy: 6, idle: 4, starting: 3 },
    action: 'scale-down',
    to: 10,
    reason: 'above-max',
    bounds: ['max'],
    atlassian: 'does nothing about it',
  },
  {
    name: 'above max: idle ones go too',
    seen: { busy: 8, idle: 4 },
    action: 'scale-down',
    to: 10,
    reason: 'above-max',
    bounds: ['max'],
    atlassian: 'does nothing about it',
  },
  {
    name: 'above max by starting runners, and quiet: both go',
    seen: { idle: 8, starting: 4 },
    action: 'scale-down',
    to: 8,
    reason: 'busy-share-low',
    atlassian: 'removes idle runners while the others start',
  },
];
