/** Whether the hourly calls of a credential are enough for what the configuration does with it. Pure. */
import { CALLS_PER_HOUR, looksEvery } from '#core/budget/hour.ts';
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import { duration } from '#core/quantities.ts';
import { scopeKey } from '#core/scope.ts';
import { HOUR_MS, MINUTE_MS } from '#core/time.ts';
import { type Check, failed, ok } from './check.ts';

/** Seconds later than was asked for are no fault. */
const TOLERANCE = 1.1;

/** An account: its groups, and the smallest limit that Bitbucket's answers named; infinite: they named none. */
type Calls = {
  readonly name: string;
  readonly groups: readonly RunnerGroup[];
  readonly fleet: Fleet;
  readonly heard: number;
};

/** Compares the lists that looking takes with the limit: the configuration's or Bitbucket's, whichever is less. */
export function checkCalls({ name, groups, fleet, heard }: Calls): readonly Check[] {
  if (groups.length === 0) return [];
  const lists = new Set(groups.map(({ scope }) => scopeKey(scope))).size;
  const allowed = groups.map(({ scope }) => fleet.workspaces[scope.workspace]?.callsPerHour ?? CALLS_PER_HOUR);
  const limit = Math.min(heard, ...allowed);
  const everyMs = fleet.pollEveryMs ?? MINUTE_MS;
  const hourly = Math.ceil((lists * HOUR_MS) / everyMs);
  const by = heard === limit ? ', as Bitbucket says' : '';
  const detail = `looking takes ${hourly} of ${limit}${by}`;
  const affordableMs = looksEvery(lists, limit);
  if (affordableMs <= everyMs * TOLERANCE) return [ok('calls', name, detail)];
  const rate = Number.isFinite(affordableMs) ? `about every ${duration(affordableMs)}` : 'hardly ever';
  const next =
    'use groups of workspaces instead of repositories, give workspaces credentials of their own, or look less often';
  return [failed('calls', name, `${detail}, so that groups are looked at ${rate}`, next)];
}
