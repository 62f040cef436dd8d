/**
 * What relates the parts of a pod to each other: names that are given twice, volumes that nobody defines, requests
 * above their limits. The API server refuses pods for these, or the pod never starts. Pure.
 */
import { type Finding, type Path, problem, warning } from '#yaml/finding.ts';
import { parseQuantity } from '#yaml/quantity.ts';
import { type Fields, listOf, recordOf } from './shapes.ts';

/** Everything in a pod spec that contradicts something else in it. `path` leads to the pod spec. */
export function relationFindings(pod: Fields, path: Path): readonly Finding[] {
  const containers = containersOf(pod, path);
  const volumes = itemsOf(pod.volumes, [...path, 'volumes']);
  const defined = new Set(volumes.map(({ item }) => item.name));
  return [
    ...doubles(containers, 'name', 'a container'),
    ...doubles(volumes, 'name', 'a volume'),
    ...containers.flatMap((container) => [...containerFindings(container), ...undefinedVolumes(container, defined)]),
    ...itemsOf(pod.tolerations, [...path, 'tolerations']).flatMap(tolerationFindings),
  ];
}

/** An item of a list and where it stands. */
export type Item = { readonly item: Fields; readonly path: Path };

/** A container, and whether it is one of `initContainers`. */
export type ContainerItem = Item & { readonly isInit: boolean };

/** Every container of a pod, those of `initContainers` first. */
export function containersOf(pod: Fields, path: Path): readonly ContainerItem[] {
  return (['initContainers', 'containers'] as const).flatMap((key) =>
    itemsOf(pod[key], [...path, key]).map((item) => ({ ...item, isInit: key === 'initContainers' })),
  );
}

/** The items of a list with their paths. */
export function itemsOf(list: unknown, path: Path): readonly Item[] {
  return listOf(list).map((item, index) => ({ item: recordOf(item), path: [...path, index] }));
}

/** `judge`: whether Kubernetes refuses a double or takes the last one. */
function doubles(items: readonly Item[], key: string, what: string, judge = problem): readonly Finding[] {
  const seen = new Set<unknown>();
  return items.flatMap(({ item, path }) => {
    const name = item[key];
    if (name === undefined || !seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [judge([...path, key], `${JSON.stringify(name)} is ${what} already; rename or remove one of them`)];
  });
}

function containerFindings({ item, path }: Item): readonly Finding[] {
  const environment = itemsOf(item.env, [...path, 'env']);
  return [
    ...((item.image ?? null) === null ? [problem([...path, 'image'], 'is missing')] : []),
    ...doubles(environment, 'name', 'a variable of this container', warning),
    ...environment.filter(isTwofold).map(({ path: at }) => problem([...at, 'valueFrom'], 'excludes value; keep one')),
    ...doubles(itemsOf(item.ports, [...path, 'ports']), 'name', 'a port of this container'),
    ...doubles(itemsOf(item.volumeMounts, [...path, 'volumeMounts']), 'mountPath', 'a mount of this container'),
    ...resourceFindings(recordOf(item.resources), [...path, 'resources']),
  ];
}

function isTwofold({ item: { value, valueFrom } }: Item): boolean {
  return (value ?? '') !== '' && (valueFrom ?? null) !== null;
}

function undefinedVolumes({ item, path }: Item, defined: ReadonlySet<unknown>): readonly Finding[] {
  return itemsOf(item.volumeMounts, [...path, 'volumeMounts'])
    .filter(({ item: mount }) => mount.name !== undefined && !defined.has(mount.name))
    .map(({ item: mount, path: at }) => {
      const message = `mounts the volume ${JSON.stringify(mount.name)}, which is not among the volumes of the pod`;
      return problem([...at, 'name'], message);
    });
}

function resourceFindings(resources: Fields, path: Path): readonly Finding[] {
  const limits = recordOf(resources.limits);
  return Object.entries(recordOf(resources.requests)).flatMap(([name, request]) => {
    const limit = limits[name];
    const [requested, limited] = [request, limit].map((quantity) => parseQuantity(String(quantity)));
    if (requested === undefined || limited === undefined || requested <= limited) return [];
    const message = `is ${request}, which is more than the limit (${limit}); Kubernetes refuses such pods`;
    return [problem([...path, 'requests', name], message)];
  });
}

function tolerationFindings({ item, path }: Item): readonly Finding[] {
  const { key, operator, value, effect, tolerationSeconds } = item;
  return [
    ...((key ?? '') === '' && operator !== 'Exists'
      ? [problem(path, 'has no key; give one, or write "operator: Exists" to tolerate every taint')]
      : []),
    ...(operator === 'Exists' && (value ?? '') !== ''
      ? [problem([...path, 'value'], 'means nothing with "operator: Exists"; remove one of them')]
      : []),
    ...((tolerationSeconds ?? null) !== null && effect !== 'NoExecute'
      ? [problem([...path, 'tolerationSeconds'], 'needs "effect: NoExecute"')]
      : []),
  ];
}
