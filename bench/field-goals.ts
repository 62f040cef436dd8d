/** What the rows of the field's table came to with the rules of before, with three seeds, and what is aimed at. */

/** Of one row. */
export type FieldGoal = {
  readonly before: { readonly waitSeconds: number; readonly timesBusy: number };
  readonly goal?: string;
};

/** By the key of the row. */
export const GOALS: Readonly<Record<string, FieldGoal>> = {
  'rising/queueAware': { before: { waitSeconds: 651.02, timesBusy: 1.21 }, goal: '≤ 10 s' },
  'rising, marks at once/queueAware': { before: { waitSeconds: 24.75, timesBusy: 1.26 } },
  'rising/idleBuffer': { before: { waitSeconds: 394.02, timesBusy: 1.19 }, goal: '≤ 10 s' },
  'rising, marks at once/idleBuffer': { before: { waitSeconds: 9.64, timesBusy: 1.48 } },
  'bursts/queueAware': { before: { waitSeconds: 121.82, timesBusy: 4.31 }, goal: '≤ 70 s' },
  'bursts, every 10 s/queueAware': { before: { waitSeconds: 134.19, timesBusy: 4.08 }, goal: '≤ 60 s' },
  'working day/queueAware': { before: { waitSeconds: 16.73, timesBusy: 1.94 }, goal: '≤ 3 s, × ≤ 2.2' },
  'working day/idleBuffer': { before: { waitSeconds: 13.44, timesBusy: 2.22 }, goal: '≤ 3 s, × ≤ 2.2' },
  'nightly batch/queueAware': { before: { waitSeconds: 119.93, timesBusy: 4.07 }, goal: '≤ 100 s, × ≤ 2.9' },
  'random bursts/queueAware': { before: { waitSeconds: 149.02, timesBusy: 4.54 }, goal: '≤ 96 s, × ≤ 3.2' },
  '30 repositories/queueAware': { before: { waitSeconds: 13.43, timesBusy: 9.55 }, goal: '× ≤ 3' },
};
