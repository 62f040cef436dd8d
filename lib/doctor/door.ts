/** The door at which pipelines ask for runners: its address and the secret of its events, where the environment names them. */
import { silenceOf } from '#adapters/http/exchange.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import { type Check, failed, failedBy, ok, skipped } from './check.ts';
import type { Instruments } from './instruments.ts';

/** Nothing where no group can be woken, and nothing is said of a door. Neither check changes anything. */
export async function checkDoor(groups: readonly RunnerGroup[], instruments: Instruments): Promise<readonly Check[]> {
  const isWanted = groups.some(({ wake }) => wake !== undefined);
  return (await Promise.all([checkAddress(isWanted, instruments), checkSecret(isWanted, instruments)])).flat();
}

/** Only the door answers "405" to a request without a token that is no POST. */
async function checkAddress(isWanted: boolean, { wakeUrl, ring }: Instruments): Promise<readonly Check[]> {
  if (wakeUrl === undefined) {
    const unknown = 'groups can be woken; set WAKE_URL, as pipelines have it, to look at the address';
    return isWanted ? [skipped('door', undefined, unknown)] : [];
  }
  const next = 'set WAKE_URL to the output WakeUrl of the stack, which has it with wake=true';
  if (!URL.canParse(wakeUrl)) return [failed('door', undefined, 'WAKE_URL is not an address', next)];
  const exchange = await ring(wakeUrl);
  const { host } = new URL(wakeUrl);
  if (exchange.kind !== 'answer') return [failed('door', host, `it does not answer (${silenceOf(exchange)})`, next)];
  const { status } = exchange;
  if (status === 405) return [ok('door', host, 'it answers')];
  if (status >= 500) {
    return [failed('door', host, `it answers ${status}`, 'read the log of the function wake')];
  }
  return [failed('door', host, `something else answers there (${status})`, next)];
}

async function checkSecret(isWanted: boolean, { webhookSecret }: Instruments): Promise<readonly Check[]> {
  try {
    const secret = await webhookSecret();
    if (secret !== undefined) return [ok('webhook', undefined, 'it can be read, and is long enough')];
    return isWanted ? [skipped('webhook', undefined, 'none is named here, so events are not looked at')] : [];
  } catch (error) {
    return [failedBy('webhook', undefined, error)];
  }
}
