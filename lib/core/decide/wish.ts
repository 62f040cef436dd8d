/** What a strategy wants, before any limit: how many runners should be working, that is busy, idle or starting. Pure. */
import type { Counts } from '../model/decision.ts';
import { type Reason, reason } from '../reasons.ts';

export type Wish = { readonly working: number; readonly reason: Reason };

/** The wish, or `min` if that is more; where it takes runners that are still starting to meet it, the reason says so. */
export function atLeast(min: number, { busy, idle, starting }: Counts, wish: Wish): Wish {
  const usable = busy + idle;
  const wanted = Math.max(min, wish.working);
  if (usable < wanted && wanted <= usable + starting) {
    return { working: wanted, reason: reason('starting-suffice', { starting, wanted, usable }) };
  }
  if (wish.working >= min) return wish;
  return usable < min
    ? { working: min, reason: reason('below-min', { min, usable, starting }) }
    : { working: min, reason: reason('at-min', { needed: wish.working, min }) };
}
