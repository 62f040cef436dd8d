/**
 * Places that nobody remembers, and that Jobs tell of: memory was lost after a group had left a namespace, which others
 * still use. The runners there are the group's by scope and labels; without their Jobs nobody could ask whether they work.
 */
import type { Fleet, RunnerGroup } from '../model/configuration.ts';
import type { Instant } from '../model/observation.ts';
import { type FormerPlace, formerPlaces, type Place, placeOf } from '../places.ts';
import { labelSetKey, scopeKey } from '../scope.ts';
import { bareUuid } from '../uuid.ts';
import { namespaceKey } from './belonging.ts';
import type { Readings } from './observe.ts';

/** The places, and the uuids of the runners there, without braces. */
export type Found = { readonly places: readonly FormerPlace[]; readonly uuids: ReadonlySet<string> };

/**
 * Places other than those of `groups` at which registered runners have their Jobs. `isAskedFor`: whether a look is to look
 * after what is left at a place.
 */
export function foundPlaces(
  { memory, scopes, namespaces }: Readings,
  groups: readonly RunnerGroup[],
  fleet: Fleet,
  isAskedFor: (place: Place) => boolean,
  at: Instant,
): Found {
  if (!('value' in memory.documents)) return { places: [], uuids: new Set() };
  const known = new Set(groups.map(placeKey));
  const byLabels = new Map(fleet.groups.map((group) => [labelSetKey(group), group]));
  const read = new Map(namespaces.flatMap((one) => ('value' in one.jobs ? [[namespaceKey(one.namespace), one]] : [])));
  const listed = new Map(
    scopes.flatMap(({ scope, listed: runners }) => runners.map(({ uuid }) => [bareUuid(uuid), scopeKey(scope)])),
  );
  const found = [...read.values()].flatMap(({ namespace, listed: jobs }) =>
    jobs.flatMap(({ runnerUuid, labels, deployment }): readonly (readonly [string, RunnerGroup])[] => {
      const group = byLabels.get(`${listed.get(runnerUuid)} ${labels?.join(' ')}`);
      // Two deployments with the same labels share their runners; neither makes a place of its own of the other's.
      const isNamed = memory.deployment !== undefined && deployment !== undefined;
      const isAnothers = isNamed && deployment !== memory.deployment;
      if (group === undefined || isAnothers) return [];
      const there = { ...group, ...namespace };
      if (known.has(placeKey(there))) return [];
      // One cluster may be listed under two names: a Job that is also where the group is now is nowhere else.
      const own = read.get(namespaceKey(group));
      return own?.listed.every((job) => job.runnerUuid !== runnerUuid) ? [[runnerUuid, there]] : [];
    }),
  );
  const places = Object.fromEntries(
    found.flatMap(([, group]): readonly (readonly [string, Place])[] => {
      const place = placeOf(group, fleet);
      return place === undefined ? [] : [[place[0], { ...place[1], since: at, left: true }]];
    }),
  );
  const former = formerPlaces(places, fleet, isAskedFor);
  const keys = new Set(former.map(({ group }) => placeKey(group)));
  return {
    places: former,
    uuids: new Set(found.flatMap(([uuid, group]) => (keys.has(placeKey(group)) ? [uuid] : []))),
  };
}

function placeKey(group: RunnerGroup): string {
  return `${labelSetKey(group)} ${namespaceKey(group)}`;
}
