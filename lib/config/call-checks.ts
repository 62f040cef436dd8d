/** Whether the hourly calls of the credentials are enough to look as often as the configuration asks for. Pure. */
import { CALLS_PER_HOUR, looksEvery } from '#core/budget/hour.ts';
import { duration } from '#core/quantities.ts';
import { scopeKey } from '#core/scope.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '#core/time.ts';
import { pollInterval } from '#yaml/fields.ts';
import { type Finding, warning } from '#yaml/finding.ts';
import type { GroupEntry } from './group-checks.ts';
import type { WorkspaceEntries } from './workspace-checks.ts';

/** A warning for each workspace that is going to be looked at less than once a minute. */
export function budgetFindings(groups: readonly GroupEntry[], workspaces: WorkspaceEntries): readonly Finding[] {
  const members = Map.groupBy(groups, ({ draft }) => draft.workspace);
  return [...members].flatMap(([workspace, ofWorkspace]) => {
    if (workspace === undefined) return [];
    const scopes = scopesOf(ofWorkspace);
    const limit = callsPerHour(workspace, workspaces);
    const everyMs = looksEvery(scopes, limit);
    if (everyMs <= MINUTE_MS) return [];
    const rate = Number.isFinite(everyMs) ? `about every ${duration(everyMs)}` : 'hardly ever';
    const ofRepository = ofWorkspace.findLast(({ draft }) => draft.repository);
    if (ofRepository === undefined) {
      const key = workspaces.get(workspace)?.key ?? workspace;
      const message = `is ${limit}, with which workspace ${workspace} is looked at ${rate}; raise it if Bitbucket allows more`;
      return [warning(['workspaces', key, 'callsPerHour'], message, 'value')];
    }
    const message = `makes ${scopes} lists of workspace ${workspace} and its repositories, one by one; with ${limit} calls an hour that happens ${rate}; use groups of the workspace instead, or raise callsPerHour if Bitbucket allows more`;
    return [warning(['groups', ofRepository.index, 'repository'], message, 'value')];
  });
}

/** A warning for each credential with too many workspaces and repositories for `pollEvery`; each of them is a list. */
export function pollFindings(
  pollEvery: unknown,
  groups: readonly GroupEntry[],
  workspaces: WorkspaceEntries,
): readonly Finding[] {
  const everyMs = pollInterval.safeParse(pollEvery).data;
  if (everyMs === undefined) return [];
  const placed = groups.filter(({ draft }) => draft.workspace !== undefined);
  const byCredential = Map.groupBy(placed, ({ draft }) => secretOf(draft.workspace, workspaces));
  return [...byCredential.values()].flatMap((members) => {
    const limits = members.map(({ draft }) => callsPerHour(draft.workspace, workspaces));
    return excess(scopesOf(members), everyMs, Math.min(...limits));
  });
}

function excess(scopes: number, everyMs: number, limit: number): readonly Finding[] {
  const affordableMs = looksEvery(scopes, limit);
  if (affordableMs <= everyMs) return [];
  const lists = Math.ceil((scopes * HOUR_MS) / everyMs);
  const instead = affordableMs < MINUTE_MS ? `use ${Math.ceil(affordableMs / SECOND_MS)}s or more` : 'leave it out';
  const message = `makes ${lists} lists an hour with one credential (workspaces and repositories: ${scopes}), more than its ${limit} calls an hour have room for, so some looks will be held back; ${instead}, or give workspaces credentials of their own`;
  return [warning(['pollEvery'], message, 'value')];
}

/** How many lists of runners one look at the groups takes. */
function scopesOf(groups: readonly GroupEntry[]): number {
  const scopes = groups.map(({ draft: { workspace = '', repository } }) =>
    scopeKey({ workspace, repository: repository ?? undefined }),
  );
  return new Set(scopes).size;
}

function callsPerHour(workspace: string | undefined, workspaces: WorkspaceEntries): number {
  const limit = workspaces.get(workspace)?.settings.callsPerHour;
  return typeof limit === 'number' && limit > 0 ? limit : CALLS_PER_HOUR;
}

/** The Secret of a workspace; undefined for the common one. */
function secretOf(workspace: string | undefined, workspaces: WorkspaceEntries): string | undefined {
  const secretId = workspaces.get(workspace)?.settings.secretId;
  return typeof secretId === 'string' ? secretId : undefined;
}
