/**
 * What the rows of the field's table came to with the rules of before, with three seeds, and what is held now. `aim` is what
 * was aimed at where that is not reached: docs/laboratory.md says why.
 */

type Figures = { readonly waitSeconds: number; readonly timesBusy: number };

/** Of one row. */
export type FieldGoal = {
  readonly before: Figures;
  /** The most that it may come to; more fails the benchmark. */
  readonly most: Partial<Figures>;
  readonly aim?: string;
};

/** No row may be without a look for longer. */
export const LONGEST_BLIND_SECONDS = 300;

/** By the key of the row. */
export const GOALS: Readonly<Record<string, FieldGoal>> = {
  'rising/queueAware': { before: { waitSeconds: 651.02, timesBusy: 1.21 }, most: { waitSeconds: 10, timesBusy: 2 } },
  'rising, marks at once/queueAware': { before: { waitSeconds: 24.75, timesBusy: 1.26 }, most: { waitSeconds: 10 } },
  'rising/idleBuffer': { before: { waitSeconds: 394.02, timesBusy: 1.19 }, most: { waitSeconds: 10, timesBusy: 2 } },
  'rising, marks at once/idleBuffer': { before: { waitSeconds: 9.64, timesBusy: 1.48 }, most: { waitSeconds: 10 } },
  'bursts/queueAware': {
    before: { waitSeconds: 121.82, timesBusy: 4.31 },
    most: { waitSeconds: 76, timesBusy: 4.31 },
    aim: '≤ 70 s',
  },
  'bursts, every 10 s/queueAware': { before: { waitSeconds: 134.19, timesBusy: 4.08 }, most: { waitSeconds: 60 } },
  'working day/queueAware': {
    before: { waitSeconds: 16.73, timesBusy: 1.94 },
    most: { waitSeconds: 4, timesBusy: 2.35 },
    aim: '≤ 3 s, × ≤ 2.2',
  },
  'working day, fixed buffer/queueAware': {
    before: { waitSeconds: 16.73, timesBusy: 1.94 },
    most: { waitSeconds: 19, timesBusy: 1.9 },
    aim: '≤ 16.7 s',
  },
  'working day/idleBuffer': {
    before: { waitSeconds: 13.44, timesBusy: 2.22 },
    most: { waitSeconds: 6, timesBusy: 2.4 },
    aim: '≤ 3 s, × ≤ 2.2',
  },
  'nightly batch/queueAware': {
    before: { waitSeconds: 119.93, timesBusy: 4.07 },
    most: { waitSeconds: 100, timesBusy: 4.3 },
    aim: '× ≤ 2.9',
  },
  'random bursts/queueAware': {
    before: { waitSeconds: 149.02, timesBusy: 4.54 },
    most: { waitSeconds: 102, timesBusy: 4.8 },
    aim: '≤ 96 s, × ≤ 3.2',
  },
  'random bursts, events/queueAware': {
    before: { waitSeconds: 149.02, timesBusy: 4.54 },
    most: { waitSeconds: 90, timesBusy: 5 },
    aim: '× ≤ 3',
  },
  'random bursts, events, one step each/queueAware': {
    before: { waitSeconds: 149.02, timesBusy: 4.54 },
    most: { waitSeconds: 90, timesBusy: 3 },
  },
  '30 repositories/queueAware': {
    before: { waitSeconds: 13.43, timesBusy: 9.55 },
    most: { waitSeconds: 16, timesBusy: 9.7 },
    aim: '× ≤ 3',
  },
};
