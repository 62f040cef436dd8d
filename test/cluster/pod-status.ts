/** The statuses that schedulers and kubelets write, for each thing that can become of a runner's pod. Pure. */

/** What becomes of a pod. */
export type Fate =
  /** Nobody has looked at it yet. */
  | { readonly kind: 'waits' }
  /** The scheduler finds no node. */
  | { readonly kind: 'unschedulable'; readonly message: string }
  /** The first container's image cannot be had. */
  | { readonly kind: 'image-missing'; readonly image: string }
  /** What stands for its image is no name of one. */
  | { readonly kind: 'image-misnamed'; readonly image: string }
  /** A Secret that it names is not there; the kubelet looks again. */
  | { readonly kind: 'secret-missing'; readonly missing: string }
  /** `resizes`: why its node gives it no more than it has; absent: it gives all. */
  | { readonly kind: 'runs'; readonly resizes?: 'Deferred' | 'Infeasible' }
  /** The first container crashed this often and is held back before the next time. */
  | { readonly kind: 'crashes'; readonly times: number; readonly exitCode: number; readonly reason: string }
  | { readonly kind: 'ends'; readonly how: 'complete' | 'failed' };

export const waits: Fate = { kind: 'waits' };
export const runs: Fate = { kind: 'runs' };

/** The parts of a pod's spec that decide about its status. */
export type PodSpec = {
  readonly containers: readonly {
    readonly name: string;
    readonly image: string;
    readonly resources?: object;
    readonly env?: readonly {
      readonly name: string;
      readonly value?: string;
      readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
    }[];
  }[];
  readonly initContainers?: readonly { readonly name: string; readonly image: string; readonly resources?: object }[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
};

type Status = Readonly<Record<string, unknown>>;
type Container = PodSpec['containers'][number];

/** A moment in the past; nobody reads how far. */
const THEN = '2026-11-09T12:00:00Z';
const RUNNING = { running: { startedAt: THEN } };

/** `status` of a pod whose fate it is, as far as it differs from that of a new pod. */
export function statusFor(fate: Fate, { containers, initContainers = [] }: PodSpec): Status {
  const sidecars = (state: Status) => initContainers.map((container) => containerStatus(container, state));
  const inContainers = (phase: string, state: Status, over: Status = {}, sidecarState: Status = RUNNING): Status => ({
    phase,
    conditions: [{ type: 'PodScheduled', status: 'True' }],
    initContainerStatuses: sidecars(sidecarState),
    containerStatuses: containers.map((container) => ({ ...containerStatus(container, state), ...over })),
  });
  switch (fate.kind) {
    case 'waits':
      return {};
    case 'unschedulable': {
      const { message } = fate;
      return {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
      };
    }
    case 'image-missing': {
      const waiting = { reason: 'ImagePullBackOff', message: `Back-off pulling image "${fate.image}"` };
      return inContainers('Pending', { waiting });
    }
    case 'image-misnamed': {
      const message = `Failed to apply default image tag "${fate.image}": couldn't parse image name: invalid reference format`;
      return inContainers('Pending', { waiting: { reason: 'InvalidImageName', message } });
    }
    case 'secret-missing': {
      const waiting = { reason: 'CreateContainerConfigError', message: `secret "${fate.missing}" not found` };
      return inContainers('Pending', { waiting });
    }
    case 'runs': {
      const status = inContainers('Running', RUNNING);
      if (fate.resizes === undefined) return status;
      const pending = { type: 'PodResizePending', status: 'True', reason: fate.resizes, lastTransitionTime: THEN };
      return { ...status, conditions: [{ type: 'PodScheduled', status: 'True' }, pending] };
    }
    case 'crashes': {
      const { times, exitCode, reason } = fate;
      const waiting = { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container' };
      const lastState = { terminated: terminated(exitCode, reason) };
      return inContainers('Running', { waiting }, { restartCount: times, lastState });
    }
    case 'ends': {
      const isComplete = fate.how === 'complete';
      const exit = terminated(isComplete ? 0 : 1, isComplete ? 'Completed' : 'Error');
      const over = isComplete ? {} : { restartCount: MORE_THAN_ANY_BACK_OFF_LIMIT };
      return inContainers(isComplete ? 'Succeeded' : 'Running', { terminated: exit }, over, { terminated: exit });
    }
  }
}

/** A Job gives up on a pod that its kubelet has restarted more often than `backoffLimit`. */
const MORE_THAN_ANY_BACK_OFF_LIMIT = 100;

function terminated(exitCode: number, reason: string): Status {
  return { exitCode, reason, startedAt: THEN, finishedAt: THEN };
}

/** A kubelet that can resize says what a container has. */
function containerStatus(
  { name, image, resources = {} }: Pick<Container, 'name' | 'image' | 'resources'>,
  state: Status,
): Status {
  return { name, image, imageID: '', ready: state === RUNNING, restartCount: 0, state, resources };
}
