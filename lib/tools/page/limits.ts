/** Which of the things that bound a decision keep back runners that are wanted. */
import type { Reason } from '#core/reasons.ts';

/**
 * Whether runners are withheld. A cool-down withholds removals, which is how it should be; a window that is open and a
 * queue that nobody could count withhold nothing.
 */
export function withholds({ code, values }: Reason): boolean {
  return code !== 'cool-down' && 'withheld' in values && values.withheld > 0;
}
