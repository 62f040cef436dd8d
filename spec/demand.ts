/**
 * The specification of `idleBuffer` and `queueAware` as tables: the tests run them and docs/scaling.md shows them.
 * All rows have idleCount 2, scaleFactor 0.5, scaleFactorLimit 4, min 1, max 20 and a stabilisation window of 5 minutes
 * unless `over` says otherwise, and idle runners that have been idle long enough to go unless `restedMinutes` does.
 */
import type { IdleBuffer, RunnerGroup } from '#core/model/configuration.ts';
import type { ReasonCode } from '#core/reasons.ts';

export type DemandRow = {
  readonly name: string;
  /** Runners by class; what is not named is 0. */
  readonly seen: {
    readonly busy?: number;
    readonly idle?: number;
    readonly starting?: number;
    readonly draining?: number;
    readonly dead?: number;
  };
  /** Waiting steps, where they were asked for; `unknown`: they could not be counted. */
  readonly queue?: number | 'unknown';
  /** The target that was higher until so many minutes ago. */
  readonly wantedBefore?: { readonly target: number; readonly untilMinutesAgo: number };
  readonly restedMinutes?: number;
  readonly over?: Partial<Pick<RunnerGroup, 'min' | 'max' | 'maxCreatesPerTick' | 'stabilisationWindowMs'>> & {
    readonly strategy?: Partial<Omit<IdleBuffer, 'kind'>>;
  };
  readonly action: 'scale-up' | 'scale-down' | 'hold';
  /** Busy + idle + starting after the plan. */
  readonly to: number;
  readonly reason: ReasonCode;
  readonly bounds?: readonly ReasonCode[];
};

const NO_BUFFER = { idleCount: 0, scaleFactor: 0 } as const;

export const IDLE_BUFFER_ROWS: readonly DemandRow[] = [
  { name: 'nothing there: the buffer', seen: {}, action: 'scale-up', to: 2, reason: 'idle-buffer' },
  { name: 'nothing there, min 5', seen: {}, over: { min: 5 }, action: 'scale-up', to: 5, reason: 'below-min' },
  {
    name: 'nothing there and nothing to be kept',
    seen: {},
    over: { min: 0, strategy: { idleCount: 0 } },
    action: 'hold',
    to: 0,
    reason: 'idle-buffer',
  },
  {
    name: 'the buffer is on its way',
    seen: { starting: 2 },
    action: 'hold',
    to: 2,
    reason: 'starting-suffice',
  },
  { name: 'the buffer is full', seen: { busy: 4, idle: 2 }, action: 'hold', to: 6, reason: 'idle-buffer' },
  { name: 'a step took one of it', seen: { busy: 4, idle: 1 }, action: 'scale-up', to: 6, reason: 'idle-buffer' },
  {
    name: 'half of five busy ones, rounded up, are kept idle',
    seen: { busy: 5, idle: 2 },
    action: 'scale-up',
    to: 8,
    reason: 'idle-buffer',
  },
  { name: 'no more than scaleFactorLimit', seen: { busy: 10, idle: 4 }, action: 'hold', to: 14, reason: 'idle-buffer' },
  { name: 'min is more than the buffer', seen: { idle: 4 }, over: { min: 4 }, action: 'hold', to: 4, reason: 'at-min' },
  {
    name: 'min is more than the buffer, and one is missing',
    seen: { busy: 1, idle: 3 },
    over: { min: 5 },
    action: 'scale-up',
    to: 5,
    reason: 'below-min',
  },
  { name: 'saturated: doubled', seen: { busy: 5 }, action: 'scale-up', to: 10, reason: 'saturated' },
  {
    name: 'saturated, but the buffer is more',
    seen: { busy: 1 },
    action: 'scale-up',
    to: 3,
    reason: 'idle-buffer',
  },
  {
    name: 'saturated, and doubling gives no more than the buffer',
    seen: { busy: 2 },
    action: 'scale-up',
    to: 4,
    reason: 'idle-buffer',
  },
  {
    name: 'saturated, and as many start already',
    seen: { busy: 5, starting: 5 },
    action: 'hold',
    to: 10,
    reason: 'starting-suffice',
  },
  {
    name: 'saturated: the first of those that started are busy, so it doubles again',
    seen: { busy: 8, starting: 2 },
    action: 'scale-up',
    to: 16,
    reason: 'saturated',
  },
  {
    name: 'one is idle, so nothing waits',
    seen: { busy: 9, idle: 1 },
    action: 'scale-up',
    to: 13,
    reason: 'idle-buffer',
  },
  {
    name: 'capped at max',
    seen: { busy: 12 },
    action: 'scale-up',
    to: 20,
    reason: 'saturated',
    bounds: ['max'],
  },
  { name: 'at max', seen: { busy: 20 }, action: 'hold', to: 20, reason: 'no-room', bounds: ['max'] },
  {
    name: 'draining and dead registrations count towards max',
    seen: { busy: 12, draining: 3, dead: 2 },
    action: 'scale-up',
    to: 15,
    reason: 'saturated',
    bounds: ['max'],
  },
  { name: 'quiet: all but the buffer go', seen: { idle: 8 }, action: 'scale-down', to: 2, reason: 'idle-buffer' },
  {
    name: 'less load: the buffer shrinks with it',
    seen: { busy: 3, idle: 7 },
    action: 'scale-down',
    to: 5,
    reason: 'idle-buffer',
  },
  {
    name: 'quiet: all but min go',
    seen: { idle: 8 },
    over: { min: 4 },
    action: 'scale-down',
    to: 4,
    reason: 'at-min',
  },
  {
    name: 'quiet, but all were wanted a moment ago',
    seen: { idle: 8 },
    wantedBefore: { target: 8, untilMinutesAgo: 1 },
    action: 'hold',
    to: 8,
    reason: 'stabilisation-window',
    bounds: ['stabilisation-window'],
  },
  {
    name: 'quiet, but more were wanted a moment ago: the rest goes',
    seen: { idle: 8 },
    wantedBefore: { target: 6, untilMinutesAgo: 4.9 },
    action: 'scale-down',
    to: 6,
    reason: 'idle-buffer',
    bounds: ['stabilisation-window'],
  },
  {
    name: 'quiet, and the window is over',
    seen: { idle: 8 },
    wantedBefore: { target: 8, untilMinutesAgo: 5 },
    action: 'scale-down',
    to: 2,
    reason: 'idle-buffer',
  },
  {
    name: 'no window: the present target counts',
    seen: { idle: 8 },
    wantedBefore: { target: 8, untilMinutesAgo: 1 },
    over: { stabilisationWindowMs: 0 },
    action: 'scale-down',
    to: 2,
    reason: 'idle-buffer',
  },
  {
    name: 'quiet, but not for long enough',
    seen: { idle: 8 },
    restedMinutes: 4,
    action: 'hold',
    to: 8,
    reason: 'cooling-down',
    bounds: ['cool-down'],
  },
  {
    name: 'the window does not keep what is above max',
    seen: { idle: 8 },
    wantedBefore: { target: 8, untilMinutesAgo: 1 },
    over: { max: 6 },
    action: 'scale-down',
    to: 6,
    reason: 'idle-buffer',
    bounds: ['stabilisation-window'],
  },
  {
    name: 'the last one online stays while others start',
    seen: { idle: 1, starting: 2 },
    action: 'hold',
    to: 3,
    reason: 'last-usable',
    bounds: ['last-usable'],
  },
  {
    name: 'of two, one stays while others start',
    seen: { idle: 2, starting: 2 },
    action: 'scale-down',
    to: 3,
    reason: 'idle-buffer',
    bounds: ['last-usable'],
  },
  {
    name: 'a busy one is online too, so the last idle one goes',
    seen: { busy: 2, idle: 1 },
    over: { strategy: NO_BUFFER },
    action: 'scale-down',
    to: 2,
    reason: 'idle-buffer',
  },
  {
    name: 'none is to be kept: the last one goes',
    seen: { idle: 1 },
    over: { min: 0, strategy: NO_BUFFER },
    action: 'scale-down',
    to: 0,
    reason: 'idle-buffer',
  },
];

export const QUEUE_AWARE_ROWS: readonly DemandRow[] = [
  {
    name: 'somebody is idle, so nothing waits and nobody asks: as idleBuffer',
    seen: { busy: 4, idle: 1 },
    action: 'scale-up',
    to: 6,
    reason: 'idle-buffer',
  },
  {
    name: 'saturated, 5 wait: one for each, and the buffer',
    seen: { busy: 3 },
    queue: 5,
    action: 'scale-up',
    to: 10,
    reason: 'queue-counted',
  },
  {
    name: 'more wait than look idle, so these are at work already: one for each that waits',
    seen: { busy: 1, idle: 3 },
    queue: 9,
    action: 'scale-up',
    to: 13,
    reason: 'queue-counted',
  },
  {
    name: 'as many wait as are idle, who will take them: the buffer for those that come next',
    seen: { busy: 1, idle: 3 },
    queue: 3,
    action: 'scale-up',
    to: 6,
    reason: 'queue-counted',
  },
  {
    name: 'runners have looked idle for long, and steps wait: their marks are late, so as many stay as steps wait',
    seen: { busy: 1, idle: 9 },
    queue: 4,
    over: { stabilisationWindowMs: 0 },
    action: 'scale-down',
    to: 9,
    reason: 'queue-counted',
  },
  {
    name: 'most of them wait: nobody goes, and nobody comes',
    seen: { busy: 1, idle: 9 },
    queue: 6,
    over: { stabilisationWindowMs: 0 },
    action: 'hold',
    to: 10,
    reason: 'queue-counted',
  },
  {
    name: 'nothing waits: idle ones go',
    seen: { busy: 1, idle: 9 },
    queue: 0,
    over: { stabilisationWindowMs: 0 },
    action: 'scale-down',
    to: 3,
    reason: 'queue-counted',
  },
  {
    name: 'a burst onto a single runner, in one tick',
    seen: { busy: 1 },
    queue: 29,
    over: { max: 40 },
    action: 'scale-up',
    to: 32,
    reason: 'queue-counted',
  },
  {
    name: 'those that start already are subtracted',
    seen: { busy: 3, starting: 5 },
    queue: 5,
    action: 'scale-up',
    to: 10,
    reason: 'queue-counted',
  },
  {
    name: 'as many start already',
    seen: { busy: 3, starting: 7 },
    queue: 5,
    action: 'hold',
    to: 10,
    reason: 'starting-suffice',
  },
  {
    name: 'saturated, but nothing waits: the buffer, and no doubling',
    seen: { busy: 8 },
    queue: 0,
    action: 'scale-up',
    to: 12,
    reason: 'queue-counted',
  },
  {
    name: 'saturated, nothing waits, and no buffer',
    seen: { busy: 8 },
    queue: 0,
    over: { strategy: NO_BUFFER },
    action: 'hold',
    to: 8,
    reason: 'queue-counted',
  },
  {
    name: 'no buffer: one for each that waits',
    seen: { busy: 8 },
    queue: 1,
    over: { strategy: NO_BUFFER },
    action: 'scale-up',
    to: 9,
    reason: 'queue-counted',
  },
  {
    name: 'min is more than the work',
    seen: { busy: 1 },
    queue: 1,
    over: { min: 6 },
    action: 'scale-up',
    to: 6,
    reason: 'below-min',
  },
  {
    name: 'capped at max',
    seen: { busy: 3 },
    queue: 30,
    action: 'scale-up',
    to: 20,
    reason: 'queue-counted',
    bounds: ['max'],
  },
  {
    name: 'at most so many creates per tick',
    seen: { busy: 3 },
    queue: 5,
    over: { maxCreatesPerTick: 4 },
    action: 'scale-up',
    to: 7,
    reason: 'queue-counted',
    bounds: ['max-creates-per-tick'],
  },
  {
    name: 'saturated, and the queue is unknown: as idleBuffer',
    seen: { busy: 5 },
    queue: 'unknown',
    action: 'scale-up',
    to: 10,
    reason: 'saturated',
    bounds: ['queue-unknown'],
  },
  { name: 'quiet: all but the buffer go', seen: { idle: 8 }, action: 'scale-down', to: 2, reason: 'idle-buffer' },
  {
    name: 'the work is done, but it was much a moment ago',
    seen: { busy: 1, idle: 7 },
    wantedBefore: { target: 12, untilMinutesAgo: 2 },
    action: 'hold',
    to: 8,
    reason: 'stabilisation-window',
    bounds: ['stabilisation-window'],
  },
];
