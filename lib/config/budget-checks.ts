/** Whether the hourly calls of a credential are enough to look at a workspace every minute. Pure. */
import { CALLS_PER_HOUR, looksEvery } from '../budget/rule.ts';
import { duration } from '../reasons.ts';
import { scopeKey } from '../scope.ts';
import { canonicalBitbucketName } from './fields.ts';
import { type Finding, warning } from './finding.ts';
import type { WrittenGroup } from './group-checks.ts';
import { isRecord } from './schema.ts';

/** A warning for each workspace that is going to be looked at less than once a minute. */
export function budgetFindings(groups: readonly WrittenGroup[], workspaces: unknown): readonly Finding[] {
  const members = Map.groupBy(groups, ({ draft }) => draft.workspace);
  return [...members].flatMap(([workspace, ofWorkspace]) => {
    const last = ofWorkspace.at(-1);
    if (workspace === undefined || last === undefined) return [];
    const scopes = new Set(
      ofWorkspace.map(({ draft }) => scopeKey({ workspace, repository: draft.repository ?? undefined })),
    );
    const limit = callsPerHourOf(workspace, workspaces);
    const everyMs = looksEvery(scopes.size, limit);
    if (everyMs <= 60_000) return [];
    const rate = Number.isFinite(everyMs) ? `about every ${duration(everyMs)}` : 'hardly ever';
    const message = `makes ${scopes.size} repositories of workspace ${workspace} that are listed one by one; with ${limit} calls an hour that happens ${rate}; use groups of the workspace instead, or raise callsPerHour if Bitbucket allows more`;
    return [warning(['groups', last.index, 'repository'], message, 'value')];
  });
}

function callsPerHourOf(name: string, workspaces: unknown): number {
  if (!isRecord(workspaces)) return CALLS_PER_HOUR;
  const key = Object.keys(workspaces).find((candidate) => canonicalBitbucketName(candidate) === name);
  const settings = key === undefined ? undefined : workspaces[key];
  const limit = isRecord(settings) ? settings.callsPerHour : undefined;
  return typeof limit === 'number' && limit > 0 ? limit : CALLS_PER_HOUR;
}
