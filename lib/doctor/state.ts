/** The memory between ticks: whether it can be read, and what the last ticks came to. */
import { DEPLOYMENT_KEY } from '#core/memory.ts';
import type { TickRecord } from '#core/model/report.ts';
import { duration, plural } from '#core/quantities.ts';
import { hasFailed } from '#core/report.ts';
import { DAY_MS, MINUTE_MS } from '#core/time.ts';
import { type Check, failed, failedBy, ok, skipped } from './check.ts';
import type { Instruments } from './instruments.ts';

/** A schedule ticks once a minute, or every few minutes; three that are missed are a fault. */
const SILENCE_MS = 15 * MINUTE_MS;

/** Reads a document, and the ticks of the past minutes or, if there are none, of the past day. */
export async function checkState({ stateStore, openState, now }: Instruments): Promise<readonly Check[]> {
  if (stateStore === 'memory') {
    return [skipped('state', undefined, 'nothing is remembered after a command; --state or STATE_STORE names a place')];
  }
  try {
    const state = await openState();
    await state.load([DEPLOYMENT_KEY]);
    const at = now();
    const recent = await state.listTicks({ from: at - SILENCE_MS, to: at + MINUTE_MS });
    const ticks = recent.length > 0 ? recent : await state.listTicks({ from: at - DAY_MS, to: at });
    return [
      ok('state', undefined, `${stateStore} can be read`),
      judgeTicks(ticks, at, stateStore),
      ...judgeStarts(recent.at(-1)),
    ];
  } catch (error) {
    return [failedBy('state', stateStore, error)];
  }
}

const SEE_SCHEDULE = 'see that the schedule is enabled, then read the log of the function scale';

function judgeTicks(ticks: readonly TickRecord[], now: number, stateStore: string): Check {
  const last = ticks.at(-1);
  // Only a deployment ticks by a schedule of its own; on a laptop nobody waits for the next tick.
  const isDeployed = stateStore.startsWith('dynamodb:');
  if (last === undefined) {
    const detail = 'none in the past day';
    return isDeployed ? failed('ticks', undefined, detail, SEE_SCHEDULE) : skipped('ticks', undefined, detail);
  }
  const succeeded = ticks.findLast(({ report }) => report.tick.skipped === undefined && !hasFailed(report));
  const ago = `${duration(Math.max(0, now - last.at))} ago`;
  if (succeeded === undefined) {
    const why = firstProblem(last).replace(/\.$/, '');
    const detail = `the last one, ${ago}, failed, and so did all of those before it: ${why}`;
    return failed('ticks', undefined, detail, '"explain" shows what failed');
  }
  if (isDeployed && now - last.at > SILENCE_MS) {
    return failed('ticks', undefined, `the last one was ${ago}`, SEE_SCHEDULE);
  }
  return ok('ticks', undefined, `the last one that succeeded was ${duration(Math.max(0, now - succeeded.at))} ago`);
}

/** What keeps runners from coming online, as the last tick saw it: a node without a way to Bitbucket, say. */
function judgeStarts(last: TickRecord | undefined): readonly Check[] {
  const groups = last?.report.groups ?? [];
  const troubles = groups.flatMap((group) => group.troubles.map(({ text }) => failedBy('starts', group.name, text)));
  if (troubles.length > 0) return troubles;
  const online = groups.reduce((sum, { counts }) => sum + counts.busy + counts.idle, 0);
  if (online === 0) return [skipped('starts', undefined, 'no runner was online at the last tick')];
  return [ok('starts', undefined, `${online} ${plural(online, 'runner')} online, so nodes reach Bitbucket`)];
}

function firstProblem({ report }: TickRecord): string {
  const [first = 'see its outcomes'] = [...report.problems, ...report.groups.flatMap(({ problems }) => problems)];
  return first;
}
