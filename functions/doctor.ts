/** A doctor in a function: what the command `doctor` finds, as seen from where the ticks run. */
import { diagnose } from '#doctor/diagnose.ts';
import type { Examine } from './handler.ts';

/** Looks at everything, or at the groups of the event. Throws `InputError` for a group that does not exist. */
export const examine: Examine = ({ groups }, { instruments }) =>
  diagnose(groups === undefined ? {} : { groups }, { ...instruments(), self: 'report' });
