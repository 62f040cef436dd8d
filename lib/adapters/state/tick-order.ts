import type { TickRecord } from '#core/model/report.ts';

/** Oldest first; of ticks at the same instant (shards run side by side) by id, so that the order is always the same. */
export function compareTicks(a: Pick<TickRecord, 'at' | 'id'>, b: Pick<TickRecord, 'at' | 'id'>): number {
  if (a.at !== b.at) return a.at - b.at;
  return a.id < b.id ? -1 : Number(a.id > b.id);
}
