/** Which groups of a fleet a tick is about: those that were asked for, or the part of one shard. */
import { InputError } from './errors.ts';
import type { Fleet, RunnerGroup } from './model/configuration.ts';

/** `groups`: by name; absent: all. `shard`: this part of `of` parts, counted from 0. */
export type Selection = {
  readonly groups?: readonly string[];
  readonly shard?: { readonly index: number; readonly of: number };
};

/** The selected groups, in the fleet's order. Throws `InputError` for a name that no group has. */
export function selectGroups(fleet: Fleet, selection: Selection): readonly RunnerGroup[] {
  const { groups: names, shard } = selection;
  const known = fleet.groups.map((group) => group.name);
  const unknown = (names ?? []).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const list = known.map((name) => `"${name}"`).join(', ');
    throw new InputError(`No group is called "${unknown.join('", "')}"; the configuration has ${list}.`);
  }
  return fleet.groups
    .filter((group) => names === undefined || names.includes(group.name))
    .filter((group) => shard === undefined || shardOf(group.scope.workspace, shard.of) === shard.index);
}

/**
 * Whether the selection looks after a place that a group has left: all in its workspaces, but not if it is for single groups;
 * and those of the groups that it selects, whose memory it writes anew.
 */
export function looksAfter(
  fleet: Fleet,
  selection: Selection,
): (place: { group: string; workspace: string }) => boolean {
  const { groups, shard } = selection;
  const selected = new Set(selectGroups(fleet, selection).map(({ name }) => name));
  const isInShard = (workspace: string) => shard === undefined || shardOf(workspace, shard.of) === shard.index;
  return ({ group, workspace }) => selected.has(group) || (groups === undefined && isInShard(workspace));
}

/** The lease that keeps two ticks over the same groups apart. */
export function leaseName({ shard }: Selection): string {
  return shard === undefined ? 'tick' : `tick-${shard.index}-of-${shard.of}`;
}

/** The shard of a workspace. Whole workspaces go to one, because their groups share one cap. */
export function shardOf(workspace: string, shards: number): number {
  return hashOf(workspace) % shards;
}

/** A number from 0 to 2³² − 1 for a text, by FNV-1a: it spreads well and never changes. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  }
  return hash >>> 0;
}
