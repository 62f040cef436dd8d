/** Whether somebody hears when a deployment stops working. */
import type { Alarm } from '#adapters/aws/alarms.ts';
import { sentenceOf } from '#core/errors.ts';
import { plural } from '#core/quantities.ts';
import { type Check, failed, NOT_ALLOWED, ok, skipped } from './check.ts';
import { stackName, tableOf } from './deployment.ts';
import type { Instruments } from './instruments.ts';

/** Only a deployment has alarms, and a table. They are called as the stack is. */
export async function checkAlarms({ alarms, ...instruments }: Instruments): Promise<readonly Check[]> {
  const name = stackName(instruments);
  if (tableOf(instruments.stateStore) === undefined || name === undefined) return [];
  try {
    const found = await alarms(`${name}-`);
    if (found === undefined) return [skipped('alarms', undefined, NOT_ALLOWED)];
    if (found.length === 0) return [skipped('alarms', undefined, `none is called ${name}-…`)];
    return [judge(found)];
  } catch (error) {
    // A network without a way to CloudWatch is no fault: nothing else needs one.
    return [skipped('alarms', undefined, sentenceOf(error))];
  }
}

function judge(alarms: readonly Alarm[]): Check {
  const unheard = alarms.filter(({ isHeard }) => !isHeard);
  if (unheard.length > 0) {
    const detail = `${unheard.length} of ${alarms.length} tell nobody`;
    return failed('alarms', undefined, detail, 'deploy with --param alarm-topic=ARN (and with enabled=true)');
  }
  const ringing = alarms.filter(({ isRinging }) => isRinging).map(({ name }) => name);
  if (ringing.length > 0) {
    const next = 'docs/operate.md says what to do about each alarm';
    return failed('alarms', undefined, `${ringing.join(', ')} ${ringing.length === 1 ? 'rings' : 'ring'}`, next);
  }
  return ok('alarms', undefined, `${alarms.length} ${plural(alarms.length, 'alarm')} with a topic, and none rings`);
}
