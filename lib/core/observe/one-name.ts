/**
 * One workspace may be named by its slug and by its uuid. For shards, caps and lists it is one, under its slug: otherwise
 * two ticks would each give its groups what they want.
 */
import { parseScopeMemory, scopeMemoryKey } from '../memory.ts';
import type { Fleet, WorkspaceSettings } from '../model/configuration.ts';
import type { Ports } from '../ports.ts';
import { isUuid } from '../uuid.ts';
import { attempt, documentOf, valueOr } from './reading.ts';

/** The fleet with one name for every workspace whose uuid is, or can be made, known. A fleet without uuids needs no call. */
export async function withOneNameEach(fleet: Fleet, ports: Ports): Promise<Fleet> {
  const names = [...new Set(fleet.groups.map(({ scope }) => scope.workspace))];
  const uuids = names.filter(isUuid);
  const slugs = names.filter((name) => !isUuid(name));
  if (uuids.length === 0 || slugs.length === 0) return fleet;
  // What is remembered of any scope of a workspace names the workspace's uuid as well.
  const scopes = [...slugs.map((workspace) => ({ workspace })), ...fleet.groups.map(({ scope }) => scope)];
  const keysOf = (slug: string) => [
    ...new Set(scopes.filter(({ workspace }) => workspace === slug).map(scopeMemoryKey)),
  ];
  // Stryker disable next-line StringLiteral: nobody is told what could not be read.
  const documents = await attempt('memory', () => ports.state.load(slugs.flatMap(keysOf)));
  const slugOf = new Map(
    await Promise.all(
      slugs.map(async (workspace): Promise<[uuid: string | undefined, slug: string]> => {
        const known = keysOf(workspace).flatMap(
          (key) => parseScopeMemory(documentOf(documents, key)?.value).identity ?? [],
        );
        const found =
          // Stryker disable next-line StringLiteral: nobody is told what could not be read.
          known[0] ?? valueOr(await attempt('uuid', () => ports.runners.identify({ workspace })), undefined);
        return [found?.workspaceUuid, workspace];
      }),
    ),
  );
  if (!uuids.some((uuid) => slugOf.has(uuid))) return fleet;
  const unified = renamed(fleet, slugOf);
  // What only the uuid's settings say, such as a credential, holds for the slug as well.
  ports.reach?.(unified);
  return unified;
}

function renamed(fleet: Fleet, slugOf: ReadonlyMap<string | undefined, string>): Fleet {
  const nameOf = (workspace: string) => slugOf.get(workspace) ?? workspace;
  const settings = Map.groupBy(Object.entries(fleet.workspaces), ([name]) => nameOf(name));
  return {
    ...fleet,
    groups: fleet.groups.map((group) => ({
      ...group,
      scope: { ...group.scope, workspace: nameOf(group.scope.workspace) },
    })),
    workspaces: Object.fromEntries([...settings].map(([name, entries]) => [name, together(name, entries)])),
  };
}

/** What both names say; where they differ the slug's word holds, but of two caps the lower one. */
function together(name: string, entries: readonly (readonly [string, WorkspaceSettings])[]): WorkspaceSettings {
  // Stryker disable next-line ConditionalExpression: of two, one half of the comparison is enough.
  const bySlugLast = entries.toSorted(([a], [b]) => Number(a === name) - Number(b === name)).map(([, one]) => one);
  const all: WorkspaceSettings = Object.assign({}, ...bySlugLast);
  const most = bySlugLast.flatMap(({ maxConcurrentRunners = [] }) => maxConcurrentRunners);
  const steps = bySlugLast.flatMap(({ concurrencyLimit = [] }) => concurrencyLimit);
  return {
    ...all,
    maxRunners: Math.min(...bySlugLast.map(({ maxRunners }) => maxRunners)),
    ...(most.length > 0 && { maxConcurrentRunners: Math.min(...most) }),
    ...(steps.length > 0 && { concurrencyLimit: Math.min(...steps) }),
  };
}
