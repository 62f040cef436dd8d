/** Checks whether the pods of a group can be resized in place as its `whenIdle` says: Kubernetes refuses some of it. Pure. */
import type { PodSettings } from '#core/model/configuration.ts';
import { type Finding, problem, when } from '#yaml/finding.ts';
import { parseQuantity } from '#yaml/quantity.ts';
import { type Fields, listOf, recordOf } from '#yaml/values.ts';
import { POD, podOf } from './check-relations.ts';
import { containersOf } from './containers.ts';
import { applyPodSettings } from './pod-settings.ts';
import { asking, KINDS, type Resizable, resizableIn } from './when-idle.ts';

/** Why `whenIdle` of a group cannot be used with its template; empty where nothing keeps it from it. */
export function whenIdleFindings(job: Fields, settings: PodSettings, group: string): readonly Finding[] {
  const { whenIdle } = settings;
  if (whenIdle === undefined) return [];
  const pod = applyPodSettings(podOf(job), settings);
  const found = resizableIn(pod, whenIdle.requests);
  const of = `whenIdle of group ${JSON.stringify(group)}`;
  if (found === undefined) {
    const why = 'has no container that looks like Docker, by its image or as privileged';
    return [problem([...POD, 'initContainers'], `${why}, so ${of} has nothing to resize; leave whenIdle out`)];
  }
  const { idle, full, container, isInit } = found;
  const path = [...POD, isInit ? 'initContainers' : 'containers'];
  const name = `container ${JSON.stringify(container)}`;
  const before = qosClass(asking(pod, found, full));
  const after = qosClass(asking(pod, found, idle));
  const restarts = listOf(recordOf(itemOf(pod, found)).resizePolicy).map(recordOf);
  return [
    ...KINDS.filter((kind) => idle[kind] !== undefined).flatMap((kind) => [
      ...when(
        full[kind] === undefined,
        problem(
          path,
          `${name} requests no ${kind}, so ${of} has nothing to go back to; give it a request, or leave ${kind} out`,
        ),
      ),
      ...when(
        amount(idle[kind]) >= amount(full[kind], Number.POSITIVE_INFINITY),
        problem(
          path,
          `${name} requests ${full[kind]} of ${kind}, which is no more than ${of} (${idle[kind]}); give less there`,
        ),
      ),
      ...when(
        restarts.some(
          ({ resourceName, restartPolicy }) => resourceName === kind && restartPolicy === 'RestartContainer',
        ),
        problem(
          path,
          `${name} restarts when its ${kind} is resized, which would kill a step; use resizePolicy NotRequired`,
        ),
      ),
    ]),
    ...when(
      before !== after,
      problem(
        path,
        `the pod would be ${after} instead of ${before} with ${of}, and Kubernetes resizes no pod into another class; leave one limit out, or whenIdle`,
      ),
    ),
  ];
}

function itemOf(pod: Fields, { container, isInit }: Resizable): unknown {
  return listOf(pod[isInit ? 'initContainers' : 'containers']).find((item) => recordOf(item).name === container);
}

/** As Kubernetes tells it from what all containers ask for and may use. */
function qosClass(pod: Fields): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const all = containersOf(pod).map(({ item }) => recordOf(item.resources));
  const isSet = ({ requests, limits }: Fields) =>
    KINDS.some((kind) => recordOf(requests)[kind] ?? recordOf(limits)[kind]);
  if (!all.some(isSet)) return 'BestEffort';
  const isFixed = ({ requests, limits }: Fields) =>
    KINDS.every((kind) => {
      const limit = recordOf(limits)[kind];
      return limit !== undefined && amount(recordOf(requests)[kind] ?? limit) === amount(limit);
    });
  return all.every(isFixed) ? 'Guaranteed' : 'Burstable';
}

function amount(quantity: unknown, otherwise = 0): number {
  return quantity === undefined ? otherwise : (parseQuantity(String(quantity)) ?? otherwise);
}
