/** What a strategy wants, before any limit: how many runners should be working, that is busy, idle or starting. */
import type { Reason } from '../reasons.ts';

export type Wish = { readonly working: number; readonly reason: Reason };
