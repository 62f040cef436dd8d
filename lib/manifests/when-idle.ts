/**
 * Requests that follow what a runner is at: those of the container in which steps run are small while it is idle, and those
 * of its size while it works. Limits stay, and so does the pod's QoS class, which Kubernetes never lets a resize change. Pure.
 */
import type { PodSettings, Quantities, RunnerGroup } from '#core/model/configuration.ts';
import { type Fields, listOf, recordOf } from '#yaml/values.ts';
import { containersOf, dockerAmong } from './containers.ts';
import { RESIZE_ANNOTATION } from './naming.ts';

export const KINDS = ['cpu', 'memory'] as const;

/** The container that is resized, and what it asks for when its runner is idle and when it works. */
export type Resizable = {
  readonly container: string;
  readonly isInit: boolean;
  readonly idle: Quantities;
  readonly full: Quantities;
};

/** The pod as it is created, with the annotation that says what to ask for later. `isFull`: it is created for a busy runner. */
export function withIdleRequests(
  { metadata, spec }: { readonly metadata: Fields; readonly spec: Fields },
  { whenIdle }: PodSettings,
  isFull: boolean,
): { readonly metadata: Fields; readonly spec: Fields } {
  const resizable = whenIdle && resizableIn(spec, whenIdle.requests);
  if (resizable === undefined) return { metadata, spec };
  const { isInit, ...rest } = resizable;
  const mark = JSON.stringify({ ...rest, ...(isInit && { isInit }) });
  return {
    metadata: { ...metadata, annotations: { ...recordOf(metadata.annotations), [RESIZE_ANNOTATION]: mark } },
    spec: asking(spec, resizable, isFull ? resizable.full : resizable.idle),
  };
}

/**
 * What the promise that no build is killed leaves out where pods of idle runners request little memory; undefined: nothing.
 * CPU has no such risk.
 */
export function memoryRisk(groups: readonly RunnerGroup[]): string | undefined {
  const names = groups.filter(({ pod }) => pod.whenIdle?.requests.memory !== undefined).map(({ name }) => `"${name}"`);
  if (names.length === 0) return undefined;
  return `a node that runs out of memory first evicts pods that use more than they request, and the steps in them: until a look has resized it, or while its node does not give it more, so may a busy pod of ${names.join(', ')} (whenIdle.requests.memory)`;
}

/** The first container that looks like Docker and has a name. */
export function resizableIn(pod: Fields, idle: Quantities): Resizable | undefined {
  const found = dockerAmong(containersOf(pod)).find(({ item }) => typeof item.name === 'string');
  if (found === undefined) return undefined;
  const { requests, limits } = recordOf(found.item.resources);
  const [requested, limited] = [recordOf(requests), recordOf(limits)];
  const full = KINDS.flatMap((kind) => {
    const value = requested[kind] ?? limited[kind];
    return idle[kind] === undefined || value === undefined ? [] : [[kind, String(value)]];
  });
  return { container: String(found.item.name), isInit: found.isInit, idle, full: Object.fromEntries(full) };
}

/** The pod with these requests of that container. */
export function asking(pod: Fields, { container, isInit }: Resizable, amounts: Quantities): Fields {
  const list = isInit ? 'initContainers' : 'containers';
  const items = listOf(pod[list]).map((item) => {
    const own = recordOf(item);
    if (own.name !== container) return item;
    const resources = recordOf(own.resources);
    return { ...own, resources: { ...resources, requests: { ...recordOf(resources.requests), ...amounts } } };
  });
  return { ...pod, [list]: items };
}
