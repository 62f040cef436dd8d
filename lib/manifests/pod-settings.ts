/** A group's node selector, tolerations and the like, laid over the pod of any template. */
import type { PodSettings } from '#core/model/configuration.ts';
import { type Fields, listOf, recordOf } from '#yaml/values.ts';

/** The container whose environment a group may extend; a template that names it differently has it first. */
const RUNNER_CONTAINER = 'runner';

/**
 * The pod spec with the group's settings. A setting of the group wins over the template's entry of the same name;
 * tolerations add up. The token of a service account that the group names is mounted unless the template or the group
 * says otherwise.
 */
export function applyPodSettings(pod: Fields, settings: PodSettings): Fields {
  const { nodeSelector, tolerations, serviceAccountName, priorityClassName } = settings;
  return {
    ...pod,
    ...(isEmpty(nodeSelector) ? {} : { nodeSelector: { ...recordOf(pod.nodeSelector), ...nodeSelector } }),
    ...(tolerations.length === 0 ? {} : { tolerations: [...listOf(pod.tolerations), ...tolerations] }),
    ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
    ...tokenSetting(pod, settings),
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
    ...containerSettings(pod, settings),
  };
}

function tokenSetting(pod: Fields, { serviceAccountName, automountServiceAccountToken: chosen }: PodSettings): Fields {
  const mounted = chosen ?? pod.automountServiceAccountToken ?? (serviceAccountName === undefined ? undefined : true);
  return mounted === undefined ? {} : { automountServiceAccountToken: mounted };
}

/** The lists of containers, with what a setting changes in them. */
function containerSettings(pod: Fields, { env, images = {} }: PodSettings): Fields {
  const runner = runnerIndex(listOf(pod.containers));
  const settingsOf = (container: Fields, isRunner: boolean): Fields => ({
    ...withImage(isRunner ? images.runner : isDocker(container) ? images.docker : undefined),
    ...(isRunner && !isEmpty(env) ? { env: withVariables(listOf(container.env), env) } : {}),
  });
  const containers = (key: string) =>
    listOf(pod[key]).map((container, index) => ({
      ...recordOf(container),
      ...settingsOf(recordOf(container), key === 'containers' && index === runner),
    }));
  return {
    ...(pod.initContainers === undefined ? {} : { initContainers: containers('initContainers') }),
    containers: containers('containers'),
  };
}

function withImage(image: string | undefined): Fields {
  return image === undefined ? {} : { image };
}

function withVariables(own: readonly unknown[], env: PodSettings['env']): readonly unknown[] {
  const kept = own.filter((entry) => !Object.hasOwn(env, String(recordOf(entry).name)));
  return [...kept, ...Object.entries(env).map(([name, value]) => ({ name, value }))];
}

/** Which of a pod's containers is the runner. */
export function runnerIndex(containers: readonly unknown[]): number {
  return Math.max(
    containers.findIndex((container) => recordOf(container).name === RUNNER_CONTAINER),
    0,
  );
}

/** By its image, `docker:dind` or a mirror of it: the daemon in which steps run. */
export function isDocker({ image }: Fields): boolean {
  return typeof image === 'string' && /(?:^|\/)docker(?::|@|$)|\bdind\b/.test(image);
}

function isEmpty(record: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(record).length === 0;
}
