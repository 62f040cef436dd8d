/** What a doctor would find for groups to which a dry run would add runners. It asks and changes nothing. */
import type { Fleet } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import { type AddingMeans, checkAdding } from './cluster.ts';
import { clustersOf } from './diagnose.ts';

/** A sentence for each fault that would keep runners from being added; what cannot be asked is left out. */
export async function foreseeAdds(report: Report, fleet: Fleet, instruments: AddingMeans): Promise<readonly string[]> {
  const adding = new Set(
    report.groups.filter(({ plan }) => plan.some(({ action }) => action === 'add')).map(({ name }) => name),
  );
  const clusters = clustersOf(fleet.groups.filter(({ name }) => adding.has(name)));
  const found = await Promise.all(
    // A cluster that cannot be reached has been told of already.
    clusters.map((cluster) => checkAdding(cluster, fleet, instruments).catch(() => [])),
  );
  return found.flat().flatMap(({ groups, checks }) => {
    const names = groups.map(({ name }) => name).join(', ');
    return checks
      .filter(({ outcome }) => outcome === 'failed')
      .map(
        ({ title, subject, detail, next }) =>
          `Adding runners of ${names} would fail (${title}, ${subject}): ${detail}; ${next}.`,
      );
  });
}
