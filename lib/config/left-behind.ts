/** Warnings of a change that leaves runners behind: at places that groups had and that no group has any more. Pure. */
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import { type FormerPlace, formerPlaces, type Places, presentPlaces } from '#core/places.ts';
import { scopeKey } from '#core/scope.ts';
import { type Finding, warning } from '#yaml/finding.ts';

/** What makes a place, by its key in the file. */
const PARTS = {
  workspace: ({ scope }) => scope.workspace,
  repository: ({ scope }) => scope.repository ?? 'none',
  labels: ({ labels }) => labels.join(', '),
  cluster: ({ cluster }) => cluster,
  namespace: ({ namespace }) => namespace,
} satisfies Record<string, (group: RunnerGroup) => string>;

type Part = keyof typeof PARTS;

const ALL_PARTS = Object.keys(PARTS) as readonly Part[];

/** The places of all groups of a fleet, for comparing it with another one. */
export function placesIn(fleet: Fleet): Places {
  return Object.fromEntries(presentPlaces(fleet).values());
}

/**
 * A warning for each of these places that no group of the fleet has: which group had it, what is different, what the next
 * ticks do there, and what has to be kept for them. A group that only has another name goes on at its place. `only`: the
 * names of the groups that are asked about; absent: all.
 */
export function leftBehind(places: Places, fleet: Fleet, only?: readonly string[]): readonly Finding[] {
  return formerPlaces(places, fleet, () => true)
    .filter(({ group }) => only === undefined || only.includes(group.name))
    .map((former) => leftAt(former, fleet));
}

function leftAt(former: FormerPlace, fleet: Fleet): Finding {
  const { name } = former.group;
  const index = fleet.groups.findIndex((group) => group.name === name);
  const today = fleet.groups[index];
  if (today === undefined) {
    return warning(
      ['groups'],
      sentence(`group "${name}" is not there any more`, whatIsNeeded(former, ALL_PARTS, fleet)),
    );
  }
  const changed = ALL_PARTS.filter((part) => PARTS[part](today) !== PARTS[part](former.group));
  const changes = changed.map((part) => `${part} ${PARTS[part](today)} instead of ${PARTS[part](former.group)}`);
  const [only, ...others] = changed;
  const path = only === undefined || others.length > 0 ? ['groups', index] : ['groups', index, only];
  return warning(path, sentence(`group "${name}" has ${changes.join(' and ')}`, whatIsNeeded(former, changed, fleet)));
}

function sentence(change: string, needed: readonly string[]): string {
  const keep = needed.length === 0 ? '' : `; until the report shows none as left over, keep ${needed.join(' and ')}`;
  return `${change}, so runners that it had before are left behind: the next ticks take them out of service, which interrupts no step, and remove each when its step is done${keep}`;
}

/** What the ticks need at the place besides what the group needs today. */
function whatIsNeeded(
  { place: { workspace, secretId }, group: { scope, cluster, namespace } }: FormerPlace,
  changed: readonly Part[],
  { workspaces }: Fleet,
): readonly string[] {
  const secret = workspaces[workspace] === undefined && secretId !== undefined ? ` with secret ${secretId}` : '';
  const hasMoved = (...parts: readonly Part[]) => parts.some((part) => changed.includes(part));
  return [
    ...(hasMoved('workspace', 'repository') ? [`access to ${scopeKey(scope)}${secret}`] : []),
    ...(hasMoved('cluster', 'namespace') ? [`the rights in namespace ${namespace} of cluster ${cluster}`] : []),
  ];
}
