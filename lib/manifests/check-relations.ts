/**
 * Checks the parts of a pod against each other: names that are given twice, volumes that are not defined, requests above
 * their limits. The API server refuses such pods, or they never start. Pure.
 */
import { type Finding, type Path, problem, warning, when } from '#yaml/finding.ts';
import { requestFindings, tolerationFindings } from '#yaml/pod-rules.ts';
import { type Fields, isAbsent, listOf, recordOf } from '#yaml/values.ts';

/** Where the pod spec is in a Job. */
export const POD: Path = ['spec', 'template', 'spec'];

/** The pod spec of a Job. */
export function podOf(job: Fields): Fields {
  return recordOf(recordOf(recordOf(job.spec).template).spec);
}

/** All contradictions inside the pod of a Job. */
export function contradictionFindings(job: Fields): readonly Finding[] {
  const pod = podOf(job);
  const containers = containerItemsOf(pod);
  const volumes = itemsOf(pod.volumes, [...POD, 'volumes']);
  const defined = new Set(volumes.map(({ item }) => item.name));
  return [
    ...doubles(containers, 'name', 'a container'),
    ...doubles(volumes, 'name', 'a volume'),
    ...containers.flatMap((container) => [...containerFindings(container), ...undefinedVolumes(container, defined)]),
    ...itemsOf(pod.tolerations, [...POD, 'tolerations']).flatMap(({ item, path }) => tolerationFindings(path, item)),
  ];
}

/** An item of a list and where it stands. */
export type Item = { readonly item: Fields; readonly path: Path };

/** A container, and whether it is one of `initContainers`. */
export type ContainerItem = Item & { readonly isInit: boolean };

/** Every container of a pod, those of `initContainers` first. */
export function containerItemsOf(pod: Fields): readonly ContainerItem[] {
  return (['initContainers', 'containers'] as const).flatMap((key) =>
    itemsOf(pod[key], [...POD, key]).map((item) => ({ ...item, isInit: key === 'initContainers' })),
  );
}

/** The items of a list with their paths. */
export function itemsOf(list: unknown, path: Path): readonly Item[] {
  return listOf(list).map((item, index) => ({ item: recordOf(item), path: [...path, index] }));
}

/** `judge`: `problem` if Kubernetes refuses a repeated name, `warning` if it takes the last one. */
function doubles(items: readonly Item[], key: string, what: string, judge = problem): readonly Finding[] {
  const seen = new Set<unknown>();
  return items.flatMap(({ item, path }) => {
    const name = item[key];
    const isDouble = name !== undefined && seen.has(name);
    seen.add(name);
    return when(
      isDouble,
      judge([...path, key], `${JSON.stringify(name)} is ${what} already; rename or remove one of them`),
    );
  });
}

function containerFindings({ item, path }: Item): readonly Finding[] {
  const environment = itemsOf(item.env, [...path, 'env']);
  return [
    ...when(isAbsent(item.image), problem([...path, 'image'], 'is missing')),
    ...doubles(environment, 'name', 'a variable of this container', warning),
    ...environment.filter(isTwofold).map(({ path: at }) => problem([...at, 'valueFrom'], 'excludes value; keep one')),
    ...doubles(itemsOf(item.ports, [...path, 'ports']), 'name', 'a port of this container'),
    ...doubles(itemsOf(item.volumeMounts, [...path, 'volumeMounts']), 'mountPath', 'a mount of this container'),
    ...requestFindings([...path, 'resources'], recordOf(item.resources)),
  ];
}

function isTwofold({ item: { value, valueFrom } }: Item): boolean {
  return (value ?? '') !== '' && !isAbsent(valueFrom);
}

function undefinedVolumes({ item, path }: Item, defined: ReadonlySet<unknown>): readonly Finding[] {
  return itemsOf(item.volumeMounts, [...path, 'volumeMounts'])
    .filter(({ item: mount }) => mount.name !== undefined && !defined.has(mount.name))
    .map(({ item: mount, path: at }) => {
      const message = `mounts the volume ${JSON.stringify(mount.name)}, which is not among the volumes of the pod`;
      return problem([...at, 'name'], message);
    });
}
