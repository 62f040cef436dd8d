/**
 * The places in which a deployment has made runners: scope, namespace, labels, and how to reach them; remembered until
 * nothing of ours is there, so that what a changed configuration no longer names is found and retired. Pure.
 */
import * as z from 'zod';
import { parsedOnce } from './memory.ts';
import type { ClusterSettings, Fleet, RunnerGroup, WorkspaceSettings } from './model/configuration.ts';
import type { Instant } from './model/observation.ts';
import type { Reach } from './ports.ts';
import { scopeKey } from './scope.ts';
import { hashOf } from './select.ts';

const cluster = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('kubeconfig'), path: z.string().optional(), context: z.string().optional() }),
  z.object({
    kind: z.literal('eks'),
    name: z.string(),
    region: z.string().optional(),
    roleArn: z.string().optional(),
    externalId: z.string().optional(),
  }),
]);
const place = z.object({
  group: z.string(),
  workspace: z.string(),
  repository: z.string().optional(),
  labels: z.array(z.string()),
  cluster: z.string(),
  namespace: z.string(),
  api: z.enum(['internal', 'public']),
  /** The reference of the credential, never the credential. */
  secretId: z.string().optional(),
  reach: cluster,
  startTimeoutMs: z.number(),
  drainGraceMs: z.number(),
  since: z.number().optional(),
  left: z.literal(true).optional(),
});

/**
 * A place, as it is remembered. `group`: whose it was last; `reach`: how its cluster is reached; `since`: when a group took it
 * up, absent on those of a deployment's first look; `left`: a look has found no group there since.
 */
export type Place = z.output<typeof place>;

/** Places by their key. */
export type Places = Readonly<Record<string, Place>>;

/** The documents with all places, each with those whose key hashes to it: DynamoDB takes items of at most 400 KB. */
export const PLACES_KEYS = ['places/0', 'places/1', 'places/2', 'places/3'] as const;

/** The document that a place is in. */
export function placesKeyOf(key: string): string {
  return PLACES_KEYS[hashOf(key) % PLACES_KEYS.length] ?? PLACES_KEYS[0];
}

/**
 * The document of what is remembered of the runners at a place that no group has any more. Each time that a place is taken up
 * has one of its own (`since`): what was left there before tells nothing of those that are left now.
 */
export function placeMemoryKey(key: string, since?: Instant): string {
  return since === undefined ? `place/${key}` : `place/${key} ${since}`;
}

/** The places of a document. One that cannot be read is forgotten; the others are not. */
export const parsePlaces = parsedOnce(
  (value): Places =>
    Object.fromEntries(
      Object.entries(Object(value)).flatMap(([key, entry]): readonly [string, Place][] => {
        const read = place.safeParse(entry).data;
        return read === undefined ? [] : [[key, read]];
      }),
    ),
);

/** Where the group makes its runners, under its key; undefined while its cluster is not in the configuration. */
export function placeOf(group: RunnerGroup, fleet: Fleet): readonly [key: string, place: Place] | undefined {
  const reach = fleet.clusters[group.cluster];
  if (reach === undefined) return undefined;
  const { api = 'internal', secretId }: Partial<WorkspaceSettings> = fleet.workspaces[group.scope.workspace] ?? {};
  const { name, scope, labels, cluster: named, namespace, startTimeoutMs, drainGraceMs } = group;
  const settings = { api, reach, startTimeoutMs, drainGraceMs, ...(secretId !== undefined && { secretId }) };
  const value = { group: name, ...scope, labels: [...labels], cluster: named, namespace, ...settings };
  return [keyOf(value), value];
}

/** What makes two places the same, in words. */
function keyOf({ workspace, repository, labels, namespace, reach }: Place): string {
  // Stryker disable next-line ConditionalExpression: a repository that is undefined is none in a key.
  const scope = scopeKey({ workspace, ...(repository !== undefined && { repository }) });
  return `${scope} ${labels.join(',')} ${writtenReach(reach)}/${namespace}`;
}

function writtenReach(reach: ClusterSettings): string {
  const { kind, ...details } = reach;
  return [
    kind,
    ...Object.entries(details)
      .sort()
      .map(([name, value]) => `${name}=${value}`),
  ].join(',');
}

/** A place that no group of the fleet has any more, as a group that wants no runner, and the document of its memory. */
export type FormerPlace = {
  readonly key: string;
  readonly memoryKey: string;
  readonly place: Place;
  readonly group: RunnerGroup;
};

/** The places that groups of the fleet have, each under its key, by the name of the group. */
export function presentPlaces(fleet: Fleet): ReadonlyMap<string, readonly [key: string, place: Place]> {
  return new Map(
    fleet.groups.flatMap((group) => {
      const place = placeOf(group, fleet);
      return place === undefined ? [] : [[group.name, place]];
    }),
  );
}

/** The places that no group has any more, and that are asked for. */
export function formerPlaces(
  places: Places,
  fleet: Fleet,
  isAskedFor: (place: Place) => boolean,
  present = presentPlaces(fleet),
): readonly FormerPlace[] {
  const keys = new Set([...present.values()].map(([key]) => key));
  return Object.entries(places)
    .filter(([key, entry]) => !keys.has(key) && isAskedFor(entry))
    .map(([key, entry]) => ({
      ...{ key, memoryKey: placeMemoryKey(key, entry.since) },
      ...{ place: entry, group: groupOf(entry, fleet) },
    }));
}

function groupOf(entry: Place, fleet: Fleet): RunnerGroup {
  const { group: name, workspace, repository, labels, namespace, startTimeoutMs, drainGraceMs } = entry;
  return {
    name,
    scope: { workspace, ...(repository !== undefined && { repository }) },
    labels,
    cluster: clusterNameOf(entry, fleet),
    namespace,
    // Nothing is ever wanted at a place of the past, whatever the strategy.
    strategy: { kind: 'idleBuffer', idleCount: 0, scaleFactor: 0, scaleFactorLimit: 0 },
    ...{ min: 0, max: 0, schedules: [], stabilisationWindowMs: 0, weight: 1, coolDownMs: 0, maxCreatesPerTick: 0 },
    ...{ startTimeoutMs, drainGraceMs },
    pod: { size: '1x', architecture: 'amd64', nodeSelector: {}, tolerations: [], env: {} },
  };
}

/** Its name in the configuration, unless that means another cluster today, or none. */
function clusterNameOf({ cluster: name, reach }: Place, { clusters }: Fleet): string {
  const today = clusters[name];
  const written = writtenReach(reach);
  return today !== undefined && writtenReach(today) === written ? name : `${name} as it was (${written})`;
}

/** How to reach what the configuration names today, and these places besides. */
export function reachOf(former: readonly FormerPlace[], fleet: Fleet): Reach {
  const clusters = former.map(({ group, place: { reach } }): [string, ClusterSettings] => [group.cluster, reach]);
  const workspaces = former.map(({ place: { workspace, api, secretId } }): [string, WorkspaceSettings] => [
    workspace,
    { maxRunners: 0, api, ...(secretId !== undefined && { secretId }) },
  ]);
  return {
    clusters: { ...Object.fromEntries(clusters), ...fleet.clusters },
    workspaces: { ...Object.fromEntries(workspaces), ...fleet.workspaces },
  };
}
