/** What a look finds that belongs to no group: it is told, and left alone. Pure. */
import type { Fleet, Scope } from '../model/configuration.ts';
import type { Runner, RunnerJob } from '../model/observation.ts';
import type { Namespace } from '../ports.ts';
import { scopeKey } from '../scope.ts';

/** Runners that carry our mark but fit no group: left behind by a group that was removed or relabelled. */
export function noteUnownedRunners(scope: Scope, runners: readonly Runner[], fleet: Fleet): readonly string[] {
  const known = new Set(
    fleet.groups.filter((g) => scopeKey(g.scope) === scopeKey(scope)).map((group) => group.labels.join(' ')),
  );
  const unowned = runners.filter(
    (runner) => runner.labels.includes('autoscaler.created') && !known.has(runner.labels.join(' ')),
  );
  if (unowned.length === 0) return [];
  const sets = [...new Set(unowned.map((runner) => runner.labels.join(', ')))].join(' | ');
  const [some, carry, fit] = unowned.length === 1 ? ['runner', 'carries', 'fits'] : ['runners', 'carry', 'fit'];
  return [
    `${unowned.length} ${some} of ${scopeKey(scope)} ${carry} autoscaler.created but ${fit} no group (labels ${sets}): ` +
      'bring the group back to retire what is left of it, or delete it in Bitbucket.',
  ];
}

/** Jobs of ours for groups that this configuration does not have: another one's, or left behind by a group's removal. */
export function noteStrayJobs(
  { namespace, cluster }: Namespace,
  jobs: readonly RunnerJob[],
  fleet: Fleet,
): readonly string[] {
  const known = new Set(fleet.groups.map((group) => group.name));
  const strays = jobs.filter((job) => !known.has(job.group));
  if (strays.length === 0) return [];
  const groups = [...new Set(strays.map((job) => `"${job.group}"`))].sort().join(', ');
  const what = strays.length === 1 ? '1 Job' : `${strays.length} Jobs`;
  return [
    `${what} in namespace ${namespace} of cluster ${cluster} ${strays.length === 1 ? 'is' : 'are'} of no group here (made for ${groups}): ` +
      'bring the group back to retire them, or delete them with kubectl.',
  ];
}
