/** A group's node selector, tolerations and the like, laid over the pod of any template. */
import type { PodSettings, Resources } from '#core/model/configuration.ts';
import { type Fields, listOf, recordOf } from '#yaml/values.ts';
import { type ContainerOfPod, containersOf, dockerAmong, runnerIndex } from './containers.ts';

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

/** The pod's metadata with the group's labels and annotations. */
export function withOwnMetadata(metadata: unknown, { labels = {}, annotations = {} }: PodSettings): Fields {
  const own = recordOf(metadata);
  return {
    ...own,
    ...(isEmpty(labels) ? {} : { labels: { ...recordOf(own.labels), ...labels } }),
    ...(isEmpty(annotations) ? {} : { annotations: { ...recordOf(own.annotations), ...annotations } }),
  };
}

function tokenSetting(pod: Fields, { serviceAccountName, automountServiceAccountToken: chosen }: PodSettings): Fields {
  const mounted = chosen ?? pod.automountServiceAccountToken ?? (serviceAccountName === undefined ? undefined : true);
  return mounted === undefined ? {} : { automountServiceAccountToken: mounted };
}

/** The lists of containers, with what a setting changes in them. */
function containerSettings(pod: Fields, { env, images = {}, runnerResources }: PodSettings): Fields {
  const all = containersOf(pod);
  const own = all.filter(({ isInit }) => !isInit);
  const runner = own[runnerIndex(own.map(({ item }) => item))];
  const docker = dockerAmong(all);
  const withSettings = (container: ContainerOfPod): Fields => ({
    ...container.item,
    ...withImage(container === runner ? images.runner : docker.includes(container) ? images.docker : undefined),
    ...(container === runner && !isEmpty(env) ? { env: withVariables(listOf(container.item.env), env) } : {}),
    ...(container === runner &&
      runnerResources && { resources: withAmounts(container.item.resources, runnerResources) }),
  });
  return {
    ...(pod.initContainers === undefined
      ? {}
      : { initContainers: all.filter(({ isInit }) => isInit).map(withSettings) }),
    containers: own.map(withSettings),
  };
}

/**
 * The template's resources with the group's amounts instead of those of the same kind: an old limit may be less than a new
 * request. An amount that is given alone stands for both, but CPU is limited only where the group says so.
 */
function withAmounts(own: unknown, { requests = {}, limits = {} }: Resources): Fields {
  const kinds = ['memory', 'cpu'] as const;
  const replaced = (part: 'requests' | 'limits', amountOf: (kind: 'memory' | 'cpu') => string | undefined) => {
    const amounts = { ...recordOf(recordOf(own)[part]) };
    for (const kind of kinds.filter((one) => requests[one] !== undefined || limits[one] !== undefined)) {
      delete amounts[kind];
      const amount = amountOf(kind);
      if (amount !== undefined) amounts[kind] = amount;
    }
    return amounts;
  };
  return {
    ...recordOf(own),
    requests: replaced('requests', (kind) => requests[kind] ?? limits[kind]),
    limits: replaced('limits', (kind) => limits[kind] ?? (kind === 'memory' ? requests.memory : undefined)),
  };
}

function withImage(image: string | undefined): Fields {
  return image === undefined ? {} : { image };
}

function withVariables(own: readonly unknown[], env: PodSettings['env']): readonly unknown[] {
  const kept = own.filter((entry) => !Object.hasOwn(env, String(recordOf(entry).name)));
  return [...kept, ...Object.entries(env).map(([name, value]) => ({ name, value }))];
}

function isEmpty(record: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(record).length === 0;
}
