/**
 * A doctor's visit, as a straight line: the configuration, then Bitbucket by credential, then every cluster, then what is
 * remembered. It changes nothing: it reads, asks what would be allowed, and does dry runs.
 */
import type { InspectedFleet } from '#config/load.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import { selectGroups } from '#core/select.ts';
import { checkWay } from './bitbucket.ts';
import { type Check, type Diagnosis, diagnosisOf, failedBy } from './check.ts';
import { checkCluster } from './cluster.ts';
import { checkConfiguration, renderAll } from './configuration.ts';
import { accountsOf, checkAccount } from './credential.ts';
import type { Instruments } from './instruments.ts';
import { checkState } from './state.ts';

/** What to look at. `groups`: by name; absent: all. `known`: checks that the caller has made. */
export type Visit = { readonly groups?: readonly string[]; readonly known?: readonly Check[] };

const NO_FLEET = { groups: [], workspaces: {}, clusters: {} };

/** Checks everything. Throws `InputError` for a group that does not exist, and for nothing else. */
export async function diagnose({ groups: names, known = [] }: Visit, instruments: Instruments): Promise<Diagnosis> {
  const inspected = await inspect(instruments);
  const { fleet } = 'fleet' in inspected ? inspected : { fleet: NO_FLEET };
  const isSound = 'fleet' in inspected && inspected.problems.length === 0;
  // A group that is wrong is not in the fleet; nobody needs to hear that it cannot be found.
  const groups = isSound
    ? selectGroups(fleet, names === undefined ? {} : { groups: names })
    : fleet.groups.filter(({ name }) => names?.includes(name) ?? true);
  const { rendered, checks: ofManifests } = renderAll(groups);
  const [way, ofClusters, ofState] = await Promise.all([
    checkWay(instruments),
    Promise.all(clustersOf(groups).map((cluster) => checkCluster(cluster, rendered, fleet, instruments))),
    checkState(instruments),
  ]);
  const isOpen = way.every(({ id, outcome }) => id !== 'bitbucket' || outcome === 'ok');
  const accounts = isOpen ? accountsOf(groups, fleet, instruments) : [];
  const ofAccounts = await Promise.all(accounts.map((account) => checkAccount(account, fleet, instruments)));
  const ofConfiguration =
    'fleet' in inspected ? checkConfiguration(instruments.source, inspected) : [inspected.failure];
  const checks = [
    ...known,
    ...ofConfiguration,
    ...(groups.length === 0 ? [] : ofManifests),
    ...way,
    ...ofAccounts.flat(),
    ...ofClusters.flat(),
    ...ofState,
  ];
  return diagnosisOf(checks, instruments.now());
}

async function inspect({ inspectFleet }: Instruments): Promise<InspectedFleet | { readonly failure: Check }> {
  try {
    return await inspectFleet();
  } catch (error) {
    return { failure: failedBy('configuration', undefined, error) };
  }
}

function clustersOf(groups: readonly RunnerGroup[]) {
  return [...Map.groupBy(groups, ({ cluster }) => cluster)].map(([name, members]) => ({ name, groups: members }));
}
