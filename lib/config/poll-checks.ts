/** Whether the hourly calls of a credential are enough to look as often as `pollEvery` says. Pure. */

import { CALLS_PER_HOUR, looksEvery } from '#core/budget/rule.ts';
import { scopeKey } from '#core/scope.ts';
import { HOUR_MS, MINUTE_MS } from '#core/time.ts';
import { canonicalBitbucketName, pollInterval } from '#yaml/fields.ts';
import { type Finding, warning } from '#yaml/finding.ts';
import type { WrittenGroup } from './group-checks.ts';
import { isRecord } from './schema.ts';

/** A warning for each credential whose workspaces and repositories are too many; every one of them is listed by itself. */
export function pollFindings(
  pollEvery: unknown,
  groups: readonly WrittenGroup[],
  workspaces: unknown,
): readonly Finding[] {
  const everyMs = pollInterval.safeParse(pollEvery).data;
  if (everyMs === undefined) return [];
  const settings = settingsByName(workspaces);
  const byCredential = Map.groupBy(
    groups.flatMap(({ draft: { workspace, repository } }) =>
      workspace === undefined
        ? []
        : [{ workspace, scope: scopeKey({ workspace, repository: repository ?? undefined }) }],
    ),
    ({ workspace }) => settings.get(workspace)?.secretId,
  );
  return [...byCredential.values()].flatMap((members) => {
    const scopes = new Set(members.map(({ scope }) => scope)).size;
    const limits = members.map(({ workspace }) => settings.get(workspace)?.callsPerHour ?? CALLS_PER_HOUR);
    return excess(scopes, everyMs, Math.min(...limits));
  });
}

function excess(scopes: number, everyMs: number, limit: number): readonly Finding[] {
  const affordableMs = looksEvery(scopes, limit);
  if (affordableMs <= everyMs) return [];
  const lists = Math.ceil((scopes * HOUR_MS) / everyMs);
  const instead = affordableMs < MINUTE_MS ? `use ${Math.ceil(affordableMs / 1_000)}s or more` : 'leave it out';
  const message = `makes ${lists} lists an hour with one credential (workspaces and repositories: ${scopes}), more than its ${limit} calls an hour have room for, so some looks will be held back; ${instead}, or give workspaces credentials of their own`;
  return [warning(['pollEvery'], message, 'value')];
}

type Settings = { readonly secretId?: string; readonly callsPerHour?: number };

function settingsByName(workspaces: unknown): ReadonlyMap<string, Settings> {
  const entries = isRecord(workspaces) ? Object.entries(workspaces) : [];
  return new Map(
    entries.map(([key, value]) => {
      const { secretId, callsPerHour } = isRecord(value) ? value : {};
      return [
        canonicalBitbucketName(key),
        {
          ...(typeof secretId === 'string' && { secretId }),
          ...(typeof callsPerHour === 'number' && callsPerHour > 0 && { callsPerHour }),
        },
      ];
    }),
  );
}
