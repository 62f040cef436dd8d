/** An export that may make only so many calls, and goes on another time. */
import type { Meter } from '#core/budget/ledger.ts';

/** The calls that an export may make are made. */
export class CallsSpent extends Error {
  override readonly name = 'CallsSpent';
}

/** A meter that admits no call once `most` requests have left; the last one may still be repeated when it fails. */
export function limitCalls(meter: Meter, most: number): Meter {
  let made = 0;
  return {
    ...meter,
    admit: (importance, doing) => {
      if (made >= most) throw new CallsSpent(`The ${most} calls that it may make are made`);
      meter.admit(importance, doing);
    },
    count: (importance) => {
      made += 1;
      meter.count(importance);
    },
  };
}
