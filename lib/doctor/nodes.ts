/** Whether there is a node for the pods of each group: by its labels, taints, architecture and size. */
import type { ClusterClient } from '#adapters/kubernetes/cluster-client.ts';
import { ServiceError } from '#core/errors.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import { type Fields, listOf, recordOf } from '#yaml/values.ts';
import { type Check, failed, NOT_ALLOWED, ok, skipped } from './check.ts';
import type { Listed } from './cluster.ts';
import { podOf, type Rendered } from './configuration.ts';
import { amountsOf, takenBy, withDefaults } from './quotas.ts';

/** Checks every group against the nodes that are there now. Karpenter's node pools may add others. */
export async function checkNodes(
  rendered: readonly Rendered[],
  nodes: Listed,
  client: ClusterClient,
): Promise<readonly Check[]> {
  if (rendered.length === 0) return [];
  if (nodes === 'not-allowed') return [skipped('nodes', undefined, NOT_ALLOWED)];
  const all = nodes.map(recordOf);
  const judged = rendered.map((one) => ({ group: one.group, obstacles: all.map((node) => obstacleOf(node, one)) }));
  const unplaced = judged.filter(({ obstacles }) => !obstacles.includes(undefined));
  const pools = unplaced.length === 0 ? 0 : await countNodePools(client);
  return judged.map(({ group, obstacles }) => {
    const fitting = obstacles.filter((obstacle) => obstacle === undefined).length;
    if (fitting > 0) return ok('nodes', group.name, `${fitting} of ${all.length} fit`);
    const why = all.length === 0 ? 'there is no node' : `none of ${all.length} fits: ${tally(obstacles)}`;
    if (pools > 0) return skipped('nodes', group.name, `${why}; Karpenter may add one (${pools} node pools)`);
    return failed('nodes', group.name, why, nextFor(group));
  });
}

function nextFor({ pod: { nodeSelector } }: RunnerGroup): string {
  const labels = Object.entries(nodeSelector).map(([key, value]) => `${key}=${value}`);
  const wanted = labels.length === 0 ? '' : ` with the label ${labels.join(',')}`;
  return `add nodes${wanted} that fit, correct nodeSelector, tolerations, architecture or size of the group, or see that your node autoscaler makes such nodes (docs/nodes.md)`;
}

/** The first thing that keeps the group's pod from the node; undefined: nothing does. */
function obstacleOf(node: Fields, rendered: Rendered): string | undefined {
  const { metadata, spec, status } = node;
  const pod = recordOf(podOf(rendered.preview).spec);
  const labels = recordOf(recordOf(metadata).labels);
  if (recordOf(spec).unschedulable === true) return 'cordoned';
  const wanted = { 'kubernetes.io/arch': rendered.group.pod.architecture, ...recordOf(pod.nodeSelector) };
  const lacking = Object.entries(wanted).find(([key, value]) => labels[key] !== value);
  if (lacking !== undefined) return `without the label ${lacking.join('=')}`;
  const taint = listOf(recordOf(spec).taints)
    .map(recordOf)
    .find((one) => one.effect !== 'PreferNoSchedule' && !listOf(pod.tolerations).map(recordOf).some(tolerates(one)));
  if (taint !== undefined)
    return `with the taint ${taint.key}${taint.value ? `=${taint.value}` : ''}, which is not tolerated`;
  return tooSmall(amountsOf(recordOf(status).allocatable), rendered);
}

function tooSmall(allocatable: ReturnType<typeof amountsOf>, rendered: Rendered): string | undefined {
  const asked = withDefaults([rendered], []).map((pod) => takenBy(pod, 'requests'))[0];
  const { cpu = 0, memory = 0 } = allocatable;
  if (asked !== undefined && asked.cpu > cpu) return 'with too little cpu';
  return asked !== undefined && asked.memory > memory ? 'with too little memory' : undefined;
}

function tolerates(taint: Fields): (toleration: Fields) => boolean {
  return ({ key, operator = 'Equal', value = '', effect }) => {
    if (effect !== undefined && effect !== '' && effect !== taint.effect) return false;
    if (operator === 'Exists') return key === undefined || key === '' || key === taint.key;
    return key === taint.key && value === (taint.value ?? '');
  };
}

/** `2 without the label disk=ssd, 1 with too little memory` */
function tally(obstacles: readonly (string | undefined)[]): string {
  return [...Map.groupBy(obstacles, (obstacle) => obstacle)]
    .map(([obstacle, those]) => `${those.length} ${obstacle}`)
    .join(', ');
}

async function countNodePools(client: ClusterClient): Promise<number> {
  try {
    const answer = recordOf(await client.request('GET', '/apis/karpenter.sh/v1/nodepools'));
    return listOf(answer.items).length;
  } catch (error) {
    if (error instanceof ServiceError) return 0;
    throw error;
  }
}
