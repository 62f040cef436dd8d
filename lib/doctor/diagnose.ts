/**
 * A doctor's visit, as a straight line: the configuration, then Bitbucket by credential, then every cluster, then what is
 * remembered. Without a probe it changes nothing: it reads, asks what would be allowed, and does dry runs.
 */
import type { InspectedFleet } from '#config/load.ts';
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import { scopeKey } from '#core/scope.ts';
import { selectGroups } from '#core/select.ts';
import { checkAlarms } from './alarms.ts';
import { checkWay } from './bitbucket.ts';
import { type Check, type Diagnosis, diagnosisOf, failedBy } from './check.ts';
import { checkCluster } from './cluster.ts';
import { checkConfiguration, renderAll } from './configuration.ts';
import { accountsOf, checkAccount } from './credential.ts';
import { checkDoor } from './door.ts';
import type { Instruments } from './instruments.ts';
import { makeProbe, type ProbeOrder, recallProbe } from './probe-visit.ts';
import { checkState } from './state.ts';

/** What to look at. `groups`: by name; absent: all. `known`: checks that the caller has made. */
export type Visit = {
  readonly groups?: readonly string[];
  readonly known?: readonly Check[];
  /** Present: a probe is made, which changes something and undoes it. */
  readonly probe?: ProbeOrder;
};

const NO_FLEET = { groups: [], workspaces: {}, clusters: {} };

/** Checks everything. Throws `InputError` for a group that does not exist, and for nothing else. */
export async function diagnose(
  { groups: names, known = [], probe }: Visit,
  instruments: Instruments,
): Promise<Diagnosis> {
  const inspected = await inspect(instruments);
  const { fleet } = 'fleet' in inspected ? inspected : { fleet: NO_FLEET };
  const isSound = 'fleet' in inspected && inspected.problems.length === 0;
  // A group that is wrong is not in the fleet; nobody needs to hear that it cannot be found.
  const groups = isSound
    ? selectGroups(fleet, names === undefined ? {} : { groups: names })
    : fleet.groups.filter(({ name }) => names?.includes(name) ?? true);
  const { rendered, checks: ofManifests } = renderAll(groups);
  const [way, ofClusters, ofState, ofAlarms, ofDoor] = await Promise.all([
    checkWay(instruments),
    Promise.all(clustersOf(groups).map((cluster) => checkCluster(cluster, rendered, fleet, instruments))),
    checkState(instruments),
    checkAlarms(instruments),
    checkDoor(groups, instruments),
  ]);
  const isOpen = way.every(({ id, outcome }) => id !== 'bitbucket' || outcome === 'ok');
  const accounts = isOpen ? accountsOf(groups, fleet, instruments) : [];
  const ofAccounts = await Promise.all(accounts.map((account) => checkAccount(account, fleet, instruments)));
  const found = [...way, ...ofAccounts.flat()];
  const ofBitbucket = await withProbe(found, probe, { groups, fleet }, instruments);
  const ofConfiguration =
    'fleet' in inspected ? checkConfiguration(instruments.source, inspected) : [inspected.failure];
  const checks = [
    ...known,
    ...ofConfiguration,
    ...(groups.length === 0 ? [] : ofManifests),
    ...ofBitbucket,
    ...ofClusters.flat(),
    ...ofState,
    ...ofAlarms,
    ...ofDoor,
  ];
  return diagnosisOf(checks, instruments.now());
}

/** What was found at Bitbucket, with what a probe finds out now, or what the last one did. */
async function withProbe(
  found: readonly Check[],
  order: ProbeOrder | undefined,
  { groups, fleet }: { readonly groups: readonly RunnerGroup[]; readonly fleet: Fleet },
  instruments: Instruments,
): Promise<readonly Check[]> {
  const scope = groups[0]?.scope;
  if (scope === undefined) return found;
  if (order === undefined) return [...found, ...(await recallProbe(scope, instruments))];
  const made = await makeProbe(scope, { order, fleet, found }, instruments);
  const isLeft = ({ id, subject }: Check) => id === 'scratch' && subject === scopeKey(scope);
  // A probe removes what an earlier one left.
  return [...(made.outcome === 'skipped' ? found : found.filter((check) => !isLeft(check))), made];
}

async function inspect({ inspectFleet }: Instruments): Promise<InspectedFleet | { readonly failure: Check }> {
  try {
    return await inspectFleet();
  } catch (error) {
    return { failure: failedBy('configuration', undefined, error) };
  }
}

/** Groups by their cluster. */
export function clustersOf(groups: readonly RunnerGroup[]) {
  return [...Map.groupBy(groups, ({ cluster }) => cluster)].map(([name, members]) => ({ name, groups: members }));
}
