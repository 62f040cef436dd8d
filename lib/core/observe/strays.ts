/** What a look finds that is nobody's, or somebody's under another name: it is told, and left alone. Pure. */
import type { Fleet } from '../model/configuration.ts';
import type { GroupObservation } from '../model/observation.ts';
import { hasOtherLabels, tellOtherLabels } from '../other-labels.ts';
import { plural } from '../quantities.ts';
import type { Strays } from './belonging.ts';

/** Sentences about runners and Jobs that no group has, and about those that a group goes on with. */
export function noteStrays(
  { runners, jobs }: Strays,
  groups: readonly GroupObservation[],
  fleet: Fleet,
): readonly string[] {
  const names = new Set(fleet.groups.map((group) => group.name));
  const marked = runners.filter(({ runner }) => runner.labels.includes('autoscaler.created'));
  const strayJobs = jobs.filter(({ job }) => !names.has(job.group));
  return [
    ...[...Map.groupBy(marked, ({ scope }) => scope)].map(([scope, some]) => noteRunners(scope, some)),
    ...[
      ...Map.groupBy(
        strayJobs,
        ({ namespace: { cluster, namespace } }) => `namespace ${namespace} of cluster ${cluster}`,
      ),
    ].map(([where, some]) => noteJobs(where, some)),
    ...groups.flatMap((group) => [...noteRenamed(group, names), ...noteAway(group), ...noteLabels(group)]),
  ];
}

function noteRunners(scope: string, runners: Strays['runners']): string {
  const sets = [...new Set(runners.map(({ runner }) => runner.labels.join(', ')))].join(' | ');
  const count = runners.length;
  return (
    `${count} ${plural(count, 'runner')} of ${scope} ${count === 1 ? 'carries' : 'carry'} autoscaler.created but ${count === 1 ? 'is' : 'are'} of no group and not made by this deployment (labels ${sets}): ` +
    'counted and left alone; retire them with what made them.'
  );
}

function noteJobs(where: string, jobs: Strays['jobs']): string {
  const names = [...new Set(jobs.map(({ job }) => `"${job.group}"`))].sort().join(', ');
  const count = jobs.length;
  return (
    `${count} ${plural(count, 'Job')} in ${where} ${count === 1 ? 'is' : 'are'} of no group and not made by this deployment (made for ${names}): ` +
    'left alone; retire them with what made them.'
  );
}

/** A group that was given another name keeps its runners. */
function noteRenamed({ group, jobs }: GroupObservation, names: ReadonlySet<string>): readonly string[] {
  const before = jobs.filter((job) => !names.has(job.group));
  if (before.length === 0) return [];
  const old = [...new Set(before.map((job) => `"${job.group}"`))].sort().join(', ');
  return [
    `Group "${group.name}" goes on with ${before.length} ${plural(before.length, 'runner')} that ${before.length === 1 ? 'was' : 'were'} made for ${old}: its scope and labels are the same, so nothing has to be done.`,
  ];
}

/** A Job stays where it was made, also if nothing remembers who was there. */
function noteAway({ group, jobs, orphanJobs }: GroupObservation): readonly string[] {
  const away = [...jobs, ...orphanJobs].flatMap((job) => job.away ?? []);
  const byNamespace = Map.groupBy(away, ({ cluster, namespace }) => `namespace ${namespace} of cluster ${cluster}`);
  return [...byNamespace].map(
    ([where, { length: count }]) =>
      `Group "${group.name}" has ${count} ${plural(count, 'Job')} in ${where}, which is not its own: ${count === 1 ? 'the Job stays there until its runner goes' : 'the Jobs stay there until their runners go'}.`,
  );
}

/** Bitbucket may register a runner with other labels than those that it was asked for. */
function noteLabels({ group, runners }: GroupObservation): readonly string[] {
  const others = runners.filter((runner) => hasOtherLabels(runner, group));
  if (others.length === 0) return [];
  const sets = [...new Set(others.map(({ labels }) => labels.join(', ')))].join(' | ');
  return [tellOtherLabels(group, `lists ${others.length} ${plural(others.length, 'runner')}`, sets)];
}
