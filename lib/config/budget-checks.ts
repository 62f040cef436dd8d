/** Whether the hourly calls of a credential are enough to look at a workspace every minute. Pure. */
import { CALLS_PER_HOUR, looksEvery } from '#core/budget/hour.ts';
import { duration } from '#core/reasons.ts';
import { scopeKey } from '#core/scope.ts';
import { canonicalBitbucketName } from '#yaml/fields.ts';
import { type Finding, warning } from '#yaml/finding.ts';
import type { WrittenGroup } from './group-checks.ts';
import { isRecord } from './schema.ts';

/** A warning for each workspace that is going to be looked at less than once a minute. */
export function budgetFindings(groups: readonly WrittenGroup[], workspaces: unknown): readonly Finding[] {
  const members = Map.groupBy(groups, ({ draft }) => draft.workspace);
  return [...members].flatMap(([workspace, ofWorkspace]) => {
    if (workspace === undefined) return [];
    const scopes = new Set(
      ofWorkspace.map(({ draft }) => scopeKey({ workspace, repository: draft.repository ?? undefined })),
    );
    const { key, limit } = budgetOf(workspace, workspaces);
    const everyMs = looksEvery(scopes.size, limit);
    if (everyMs <= 60_000) return [];
    const rate = Number.isFinite(everyMs) ? `about every ${duration(everyMs)}` : 'hardly ever';
    const ofRepository = ofWorkspace.findLast(({ draft }) => draft.repository);
    if (ofRepository === undefined) {
      const message = `is ${limit}, with which workspace ${workspace} is looked at ${rate}; raise it if Bitbucket allows more`;
      return [warning(['workspaces', key, 'callsPerHour'], message, 'value')];
    }
    const message = `makes ${scopes.size} lists of workspace ${workspace} and its repositories, one by one; with ${limit} calls an hour that happens ${rate}; use groups of the workspace instead, or raise callsPerHour if Bitbucket allows more`;
    return [warning(['groups', ofRepository.index, 'repository'], message, 'value')];
  });
}

/** The hourly calls of a workspace, and its key as written. */
function budgetOf(name: string, workspaces: unknown): { readonly key: string; readonly limit: number } {
  const settings = isRecord(workspaces) ? Object.entries(workspaces) : [];
  const [key, written] = settings.find(([candidate]) => canonicalBitbucketName(candidate) === name) ?? [name];
  const limit = isRecord(written) ? written.callsPerHour : undefined;
  return { key, limit: typeof limit === 'number' && limit > 0 ? limit : CALLS_PER_HOUR };
}
