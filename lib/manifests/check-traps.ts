/**
 * Warns of templates that Kubernetes accepts but that cause known problems, and says how to avoid each. These are
 * warnings, because a template may have its reasons. Pure.
 */
import { type Finding, type Path, warning, when } from '#yaml/finding.ts';
import { parseQuantity } from '#yaml/quantity.ts';
import { type Fields, isAbsent, recordOf } from '#yaml/values.ts';
import { type ContainerItem, containerItemsOf, POD, podOf } from './check-relations.ts';
import { dockerAmong, isRunner } from './containers.ts';

/** Bitbucket ends a step after 120 minutes. */
const LONGEST_STEP_SECONDS = 7200;

/** The traps that a Job is in. */
export function trapFindings(job: Fields): readonly Finding[] {
  const pod = podOf(job);
  const containers = containerItemsOf(pod);
  return [
    ...jobFindings(recordOf(job.spec)),
    ...podFindings(pod),
    ...containers.filter(({ item, isInit }) => !isInit && item.restartPolicy === 'Always').map(endlessFinding),
    ...dockerAmong(containers).flatMap((docker) => dockerFindings(docker, containers)),
    ...privilegeFindings(pod, containers),
    ...containers.filter(({ item }) => isRunner(item)).flatMap(runnerFindings),
  ];
}

function trap(isThere: boolean, path: Path, message: string): readonly Finding[] {
  return when(isThere, warning(path, message));
}

function jobFindings(spec: Fields): readonly Finding[] {
  return [
    ...trap(
      isAbsent(spec.ttlSecondsAfterFinished),
      ['spec', 'ttlSecondsAfterFinished'],
      'is missing, so Jobs that have ended stay in the cluster for ever; 600 leaves time to read their log',
    ),
    ...trap(
      spec.podReplacementPolicy !== 'Failed',
      ['spec', 'podReplacementPolicy'],
      'should be Failed: a pod that is evicted is otherwise replaced while it still runs, and two processes share one RUNNER_UUID',
    ),
    ...deadlineFindings(spec, ['spec']),
  ];
}

function podFindings(pod: Fields): readonly Finding[] {
  const grace = pod.terminationGracePeriodSeconds ?? 30;
  return [
    ...deadlineFindings(pod, POD),
    ...trap(
      pod.restartPolicy === 'Never',
      [...POD, 'restartPolicy'],
      'makes a new pod, with a new Docker daemon, for every crash of the runner; OnFailure restarts it in place',
    ),
    ...trap(
      typeof grace === 'number' && grace < LONGEST_STEP_SECONDS,
      [...POD, 'terminationGracePeriodSeconds'],
      `is ${grace}, but a step may run for ${LONGEST_STEP_SECONDS} seconds and dies with its pod; 7260 gives it the time`,
    ),
  ];
}

function deadlineFindings(fields: Fields, path: Path): readonly Finding[] {
  const message =
    'ends the runner after that time, in the middle of a step too; leave it out, idle runners are removed';
  return trap(!isAbsent(fields.activeDeadlineSeconds), [...path, 'activeDeadlineSeconds'], message);
}

function endlessFinding({ path }: ContainerItem): Finding {
  const message =
    'restarts the container for ever, so the Job never completes; only containers under initContainers may';
  return warning([...path, 'restartPolicy'], message);
}

/** Without rights on the node Docker starts only in a sandbox: a runtime such as sysbox or Kata gives it those inside. */
function privilegeFindings(pod: Fields, containers: readonly ContainerItem[]): readonly Finding[] {
  if (!isAbsent(pod.runtimeClassName)) return [];
  return dockerAmong(containers)
    .filter(({ item }) => recordOf(item.securityContext).privileged !== true)
    .map(({ path }) =>
      warning(
        [...path, 'securityContext'],
        'should say "privileged: true": Docker does not start otherwise, unless a runtimeClassName such as sysbox-runc gives it a sandbox',
      ),
    );
}

function runnerFindings({ item, path }: ContainerItem): readonly Finding[] {
  return trap(
    memoryOf(item) === undefined,
    [...path, 'resources'],
    'sets no memory: a quota of the namespace refuses the pod, or a limit range decides; set it here, or as runnerResources in the group',
  );
}

function dockerFindings(
  { item, path, isInit }: ContainerItem,
  containers: readonly ContainerItem[],
): readonly Finding[] {
  return [
    ...trap(
      !isInit,
      path,
      'runs on when the runner has ended, so the Job never completes and its pod stays; move it to initContainers with "restartPolicy: Always"',
    ),
    ...trap(
      isInit && item.restartPolicy !== 'Always',
      path,
      'never ends by itself, so the runner never starts; add "restartPolicy: Always"',
    ),
    ...trap(memoryOf(item) === undefined, [...path, 'resources'], sizeMessage(containers)),
  ];
}

function sizeMessage(containers: readonly ContainerItem[]): string {
  const docker = dockerAmong(containers);
  const sized = containers.find((container) => !docker.includes(container) && isLarge(memoryOf(container.item)));
  const where = sized === undefined ? '' : `, not in ${JSON.stringify(sized.item.name)}, which needs 512Mi`;
  return `should carry the size: steps run in this container${where}; write memory: "{{requests_memory}}" and so on here`;
}

function memoryOf({ resources }: Fields): unknown {
  const { requests, limits } = recordOf(resources);
  return recordOf(limits).memory ?? recordOf(requests).memory;
}

/** More than a runner that only talks to Bitbucket has a use for. */
function isLarge(memory: unknown): boolean {
  return (parseQuantity(String(memory)) ?? 0) > 2 ** 31;
}
