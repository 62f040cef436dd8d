/**
 * The repairs of a Job template: the docker container carries the size, because steps run in it; it is a native sidecar,
 * so that it ends with the runner; the finished Job is removed, and its replacement waits. Everything else stays.
 */
import * as yaml from 'yaml';
import { dockerAmong, isRunner } from '#manifests/containers.ts';
import { emptyMap, insertBefore, mapUnder, objectsIn, offsetOf } from '#yaml/tree.ts';
import { type Fields, recordOf } from '#yaml/values.ts';
import {
  amountsChange,
  GRACE_PERIOD,
  type MigrationChange,
  NATIVE_SIDECAR,
  POD_REPLACEMENT,
  SIZE_MOVED,
  TIME_TO_LIVE,
} from './changes.ts';
import type { Fault } from './excerpt.ts';

/** What a template gave to the runner container in plain amounts, by `requests` and `limits`. */
export type Amounts = Readonly<Record<string, Readonly<Record<string, string>>>>;

type Repaired = {
  readonly changes: readonly MigrationChange[];
  readonly warnings: readonly Fault[];
  /** Absent when the template has variables there, or amounts that are those of `size: 1x`. */
  readonly amounts?: Amounts | undefined;
};

/** Repairs the Job of a translated template in place. */
export function repairJob(document: yaml.Document): Repaired {
  const job = objectOf(document, 'Job');
  const spec = job?.get('spec');
  const pod = job?.getIn(['spec', 'template', 'spec']);
  if (!yaml.isMap(spec) || !yaml.isMap(pod)) return { changes: [], warnings: [] };
  const sizes = moveSize(document, pod);
  return {
    ...sizes,
    changes: [
      ...sizes.changes,
      ...makeSidecar(document, pod),
      ...giveDefault(spec, 'ttlSecondsAfterFinished', 600, TIME_TO_LIVE),
      ...giveDefault(spec, 'podReplacementPolicy', 'Failed', POD_REPLACEMENT),
      ...giveDefault(pod, 'terminationGracePeriodSeconds', 7260, GRACE_PERIOD),
    ],
    warnings: [...sizes.warnings, ...otherContainers(pod)],
  };
}

/** The Job or the Secret among the objects of a template. */
export function objectOf(document: yaml.Document, kind: 'Job' | 'Secret'): yaml.YAMLMap | undefined {
  return objectsIn(document.contents).find((object) => object.get('kind') === kind);
}

/* Containers */

type Found = { readonly node: yaml.YAMLMap; readonly item: Fields; readonly isInit: boolean };

function containerNodesOf(pod: yaml.YAMLMap, list: 'containers' | 'initContainers'): readonly Found[] {
  const containers = pod.get(list);
  const nodes = yaml.isSeq(containers) ? containers.items.filter(yaml.isMap) : [];
  return nodes.map((node) => ({ node, item: recordOf(node.toJSON()), isInit: list === 'initContainers' }));
}

function otherContainers(pod: yaml.YAMLMap): readonly Fault[] {
  return containerNodesOf(pod, 'containers')
    .filter(({ item }) => !isRunner(item))
    .map(({ node, item }) => ({
      offset: offsetOf(node),
      message: `container ${item.name} keeps the pod alive after the runner has ended, unless it ends too; if it does not, move it to initContainers with "restartPolicy: Always"`,
    }));
}

/* Size */

const SIZE = {
  requests: { memory: '{{requests_memory}}', cpu: '{{requests_cpu}}' },
  limits: { memory: '{{limits_memory}}', cpu: '{{limits_cpu}}' },
};
const RUNNER_SIZE = { requests: { memory: '512Mi', cpu: '250m' }, limits: { memory: '1Gi' } };

function moveSize(document: yaml.Document, pod: yaml.YAMLMap): Repaired {
  const containers = containerNodesOf(pod, 'containers');
  const runner = containers.find(({ item }) => isRunner(item))?.node;
  const docker = dockerAmong([...containers, ...containerNodesOf(pod, 'initContainers')])[0]?.node;
  if (runner === undefined || docker === undefined) return { changes: [], warnings: [] };
  const resources = runner.get('resources');
  if (docker.has('resources')) {
    const isSized = /\{\{(requests|limits)_/.test(JSON.stringify(docker.get('resources')));
    return {
      changes: [],
      warnings: isSized ? [] : [{ offset: offsetOf(docker.get('resources', true)), message: OWN_SIZE }],
    };
  }
  const moved = yaml.isMap(resources) ? resources : emptyMap(document);
  const amounts = amountsOf(moved);
  for (const [part, values] of Object.entries(SIZE)) {
    const amount = mapUnder(document, moved, part);
    for (const [resource, variable] of Object.entries(values)) amount.set(resource, variable);
  }
  moved.commentBefore ??= ' Steps run in this container; size and resources of the group say how large it is.';
  docker.set('resources', moved);
  runner.set('resources', document.createNode(RUNNER_SIZE));
  const isDefault = isSizeOne(amounts);
  return {
    changes: [
      SIZE_MOVED,
      ...(Object.keys(amounts).length === 0 ? [] : [amountsChange(amountsText(amounts), isDefault)]),
    ],
    warnings: [],
    amounts: isDefault ? undefined : amounts,
  };
}

const OWN_SIZE =
  'the docker container has amounts of its own, which stay; size and resources of the groups have no effect on it. To let groups size it, write {{requests_memory}}, {{requests_cpu}}, {{limits_memory}} and {{limits_cpu}} there';

/** `requests.memory 2Gi, limits.memory 4Gi` */
function amountsText(amounts: Amounts): string {
  return Object.entries(amounts)
    .flatMap(([part, values]) => Object.entries(values).map(([resource, amount]) => `${part}.${resource} ${amount}`))
    .join(', ');
}

/** The plain amounts of memory and cpu; variables are no amounts. */
function amountsOf(resources: yaml.YAMLMap): Amounts {
  const parts = ['requests', 'limits'].map((part) => {
    const given = ['memory', 'cpu'].flatMap((resource) => {
      const amount: unknown = resources.getIn([part, resource]);
      const isPlain = (typeof amount === 'string' || typeof amount === 'number') && !String(amount).includes('{{');
      return isPlain ? [[resource, String(amount)] as const] : [];
    });
    return [part, Object.fromEntries(given)] as const;
  });
  return Object.fromEntries(parts.filter(([, given]) => Object.keys(given).length > 0));
}

function isSizeOne(amounts: Amounts): boolean {
  const { requests = {}, limits = {} } = amounts;
  return [requests, limits].every(
    ({ memory = '4Gi', cpu = '1' }) => memory === '4Gi' && ['1', '1.0', '1000m'].includes(cpu),
  );
}

/* Life */

function makeSidecar(document: yaml.Document, pod: yaml.YAMLMap): readonly MigrationChange[] {
  const containers = pod.get('containers');
  if (!yaml.isSeq(containers)) return [];
  const docker = dockerAmong(containerNodesOf(pod, 'containers'))[0]?.node;
  if (docker === undefined) return [];
  containers.items.splice(containers.items.indexOf(docker), 1);
  docker.set('restartPolicy', 'Always');
  docker.commentBefore ??= ' A native sidecar (Kubernetes 1.29): it starts before the runner and ends with it.';
  const before = pod.get('initContainers');
  if (yaml.isSeq(before)) before.add(docker);
  else insertBefore(pod, 'containers', document.createPair('initContainers', sequenceOf(document, docker)));
  return [NATIVE_SIDECAR];
}

function sequenceOf(document: yaml.Document, item: yaml.Node): yaml.YAMLSeq {
  const sequence = document.createNode([]) as yaml.YAMLSeq;
  sequence.flow = false;
  sequence.add(item);
  return sequence;
}

/** Adds an entry to a mapping that has none of this key. */
function giveDefault(
  map: yaml.YAMLMap,
  key: string,
  value: unknown,
  change: MigrationChange,
): readonly MigrationChange[] {
  if (map.has(key)) return [];
  map.set(key, value);
  return [change];
}
