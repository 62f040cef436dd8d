/** Which groups of a fleet a tick is about: those that were asked for, or the part of one shard. */
import { InputError } from './errors.ts';
import { hashOf } from './hash.ts';
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

/** The lease that keeps two ticks over the same groups apart. */
export function leaseName({ shard }: Selection): string {
  return shard === undefined ? 'tick' : `tick-${shard.index}-of-${shard.of}`;
}

/** Whole workspaces go to one shard, because their groups share one cap. */
function shardOf(workspace: string, shards: number): number {
  return hashOf(workspace) % shards;
}
