/** Pods of idle runners that ask for little, through the shipped line and a real API server; what nodes give is the made-up kubelet's. */
import { expect, it } from 'vitest';
import type { Report } from '#core/model/report.ts';
import { jobName, RUNNER_LABEL } from '#manifests/naming.ts';
import { type ClusterObject, useCluster } from './cluster.ts';
import { autoscalerRules, podsResizeRules } from './runner-namespace.ts';
import { openStage, type Stage } from './stage.ts';

const MINUTE = 60_000;
const STEP = { scope: { workspace: 'acme' }, labels: ['builds'], durationMs: 10 * MINUTE };
const POD = { size: '1x', architecture: 'amd64', nodeSelector: {}, tolerations: [], env: {} } as const;
const ASKS_LITTLE = { min: 1, pod: { ...POD, whenIdle: { requests: { cpu: '50m' } } } };
const LITTLE = '50m';
/** Of Docker in a pod of size 1x. */
const ALL = '1';

let stage: Stage;

function mayResize(): Promise<void> {
  const probe = { verb: 'patch', resource: 'pods/resize', allowed: true };
  return stage.cluster.setRules(stage.place, [...autoscalerRules(), ...podsResizeRules()], probe);
}

async function tickAfter(ms: number): Promise<Report> {
  stage.world.advance(ms);
  const report = await stage.tick();
  await stage.kubelet.settle();
  return report;
}

/** What was done with runners and requests, and why. */
function done({ groups: [group] }: Report): readonly string[] {
  const carriedOut = group?.plan.filter((_, index) => group.outcomes[index]?.status === 'done') ?? [];
  return carriedOut
    .filter(({ action }) => action !== 'protect' && action !== 'unprotect')
    .map(({ action, reason }) => `${action} ${reason.code}`);
}

type RunnerPod = ClusterObject & {
  readonly spec: {
    readonly initContainers?: readonly {
      readonly name: string;
      readonly resources?: { readonly requests?: { readonly cpu?: string } };
    }[];
  };
};

/** What the container in which steps run asks for, of each runner's pod. */
async function asked(): Promise<readonly (string | undefined)[]> {
  const pods = (await stage.cluster.objects(stage.place, 'pods')) as readonly RunnerPod[];
  const byRunner = (pod: ClusterObject) => pod.metadata.labels?.[RUNNER_LABEL] ?? '';
  return pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .toSorted((one, other) => byRunner(one).localeCompare(byRunner(other)))
    .map(({ spec }) => spec.initContainers?.find(({ name }) => name === 'docker')?.resources?.requests?.cpu);
}

it('a pod asks for all from the first look that sees its runner busy, and for little once that has been idle for a while', async () => {
  stage = await openStage(useCluster(), { ...ASKS_LITTLE, max: 1 });
  await mayResize();
  expect([done(await tickAfter(0)), await asked()]).toEqual([['add below-min'], [LITTLE]]);
  stage.world.submit(STEP);
  expect([done(await tickAfter(MINUTE)), await asked()]).toEqual([['resize needs-all'], [ALL]]);
  expect([done(await tickAfter(STEP.durationMs)), await asked()]).toEqual([[], [ALL]]);
  expect([done(await tickAfter(MINUTE - 1)), await asked()]).toEqual([[], [ALL]]);
  expect([done(await tickAfter(1)), await asked()]).toEqual([['resize needs-little'], [LITTLE]]);
});

it('a runner whose node does not give what it needs goes after its step, and the next one asks for all from the start', async () => {
  stage = await openStage(useCluster(), { ...ASKS_LITTLE, max: 3 });
  await mayResize();
  await tickAfter(0);
  const [{ uuid = '' } = {}] = stage.registrations();
  stage.kubelet.setFate(jobName(uuid), { kind: 'runs', resizes: 'Infeasible' });
  for (const step of [STEP, { ...STEP, durationMs: 30 * MINUTE }]) stage.world.submit(step);
  expect([done(await tickAfter(MINUTE)), await asked()]).toEqual([
    ['add busy-share-high', 'resize needs-all'],
    [ALL, LITTLE],
  ]);

  const stuck = await tickAfter(MINUTE);
  expect(stuck.groups[0]?.bounds.map(({ code }) => code)).toEqual(['resize-pending']);
  expect(done(stuck)).toEqual(['add busy-share-high', 'disable resize-stuck', 'resize needs-all']);
  expect(await asked()).toEqual([ALL, ALL, ALL]);

  expect(done(await tickAfter(STEP.durationMs))).toEqual([]);
  expect(done(await tickAfter(2 * MINUTE))).toEqual(['remove drained', 'resize needs-little']);
  expect(await asked()).toEqual([ALL, LITTLE]);
  expect(stage.world.steps.map(({ state }) => state)).toEqual(['finished', 'running']);
});
