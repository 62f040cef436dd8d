/** Whether a look saw less than everything, for want of an answer or of calls: then nothing may be concluded from it. */
import type { GroupObservation } from '../model/observation.ts';

/** A group that was seen in part, or not at all, holds, and nothing of it is touched. */
export function isPartial({ missing, heldBack }: GroupObservation): boolean {
  return missing.length > 0 || heldBack !== undefined;
}
