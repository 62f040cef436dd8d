/** A doctor in a function: what the command `doctor` finds, as seen from where the ticks run. */
import { describeAlarms } from '#adapters/aws/alarms.ts';
import { readTelemetry } from '#adapters/environment.ts';
import { diagnose } from '#doctor/diagnose.ts';
import type { Examine } from './handler.ts';

/** Looks at everything, or at the groups of the event. Throws `InputError` for a group that does not exist. */
export const examine: Examine = ({ groups }, { instruments }) => {
  const { cloudWatchUrl: url, ...means } = instruments();
  const { serviceName } = readTelemetry();
  const alarms = (prefix: string) => describeAlarms(prefix, { url });
  return diagnose(groups === undefined ? {} : { groups }, { ...means, self: 'report', serviceName, alarms });
};
