/**
 * Runners that cannot start, through the shipped line: what their pods say is in the report with the next step, their
 * places are freed, the group goes into quarantine, and comes out of it when a probe works.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '#core/model/report.ts';
import { group } from '#kit/fleet.ts';
import { type Cluster, eventually, useCluster } from './cluster.ts';
import { type Fate, runs } from './pod-status.ts';
import { limitObjects } from './policies.ts';
import { expectSettled, openStage, type Stage } from './stage.ts';

const POD = group().pod;
const MINUTE = 60_000;
const RUNNERS = 2;
const START_TIMEOUT_MS = 10 * MINUTE;
/** Our reckoning of a foreign clock is a minute late. */
const TIMED_OUT_MS = START_TIMEOUT_MS + 2 * MINUTE;
/** So short that runners which might still connect are gone before the first probe of the quarantine. */
const GRACE_MS = 30_000;

let cluster: Cluster;
beforeEach(() => {
  cluster = useCluster();
});

const troubles = (report: Report) => report.groups[0]?.troubles.map(({ text }) => text);
const done = (report: Report) =>
  report.groups[0]?.outcomes.filter(({ status }) => status === 'done').map(({ action }) => action);
const reasons = (report: Report) => [...new Set(report.groups[0]?.plan.map(({ reason }) => reason.text))];
const bounds = (report: Report) => report.groups[0]?.bounds.map(({ text }) => text);

/** Adds the runners, and lets the nodes do with them what they do. */
async function openWith(fate: Fate, over: Parameters<typeof openStage>[1] = {}): Promise<Stage> {
  const stage = await openStage(cluster, {
    min: RUNNERS,
    startTimeoutMs: START_TIMEOUT_MS,
    drainGraceMs: GRACE_MS,
    ...over,
  });
  stage.nodes.fate = fate;
  stage.nodes.reachBitbucket = false;
  await stage.tick();
  await stage.kubelet.settle();
  return stage;
}

/** Time passes, then a tick, then pods have theirs. */
async function tickAfter({ world, tick, kubelet }: Stage, ms: number): Promise<Report> {
  world.advance(ms);
  const report = await tick();
  await kubelet.settle();
  return report;
}

/** What might still connect is out of service first: the next looks see that, and remove it. */
async function expectRetired(stage: Stage): Promise<void> {
  expect(done(await tickAfter(stage, 10_000))).toEqual([]);
  expect(done(await tickAfter(stage, GRACE_MS + 5_000))).toEqual(['remove', 'remove']);
  await expectNothingLeft(stage);
}

async function expectNothingLeft(stage: Stage): Promise<void> {
  expect(stage.registrations()).toEqual([]);
  await eventually(async () => {
    await stage.kubelet.pass();
    const left = await Promise.all(
      (['jobs', 'secrets', 'pods'] as const).map((collection) => cluster.objects(stage.place, collection)),
    );
    expect(left).toEqual([[], [], []]);
  });
}

describe('a pod that waiting may help keeps its place until startTimeout', () => {
  it.each<{ name: string; fate: Fate; after?: number; told: string; pod: string }>([
    {
      name: 'no node for it',
      fate: {
        kind: 'unschedulable',
        message:
          "0/5 nodes are available: 5 node(s) didn't match Pod's node affinity/selector. preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling.",
      },
      told: "no node has customer=shared and room: 0/5 nodes are available: 5 node(s) didn't match Pod's node affinity/selector. preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling; add nodes, or change nodeSelector, tolerations or size",
      pod: 'Pending, Unschedulable',
    },
    {
      name: 'no image',
      fate: { kind: 'image-missing', image: 'runner:none' },
      told: 'the image cannot be had: ImagePullBackOff: Back-off pulling image "runner:none"; check its name in the template and the nodes\' way to the registry',
      pod: 'Pending, ImagePullBackOff',
    },
    {
      name: 'a crash',
      fate: { kind: 'crashes', times: 2, exitCode: 137, reason: 'OOMKilled' },
      told: 'the container crashes: CrashLoopBackOff: back-off 10s restarting failed container (last exit: OOMKilled, code 137); see kubectl logs of the pod, with --previous',
      pod: 'Running, CrashLoopBackOff',
    },
    {
      name: 'silence',
      fate: runs,
      after: 4 * MINUTE,
      told: "its pod runs, but the runner has not connected; check the nodes' way to api.bitbucket.org and kubectl logs",
      pod: 'Running',
    },
  ])('$name', async ({ fate, after = MINUTE, told, pod }) => {
    const stage = await openWith(fate, { pod: { ...POD, nodeSelector: { customer: 'shared' } } });

    const waiting = await tickAfter(stage, after);
    expect(troubles(waiting)).toEqual([`2 starting runners: ${told}`]);
    expect(waiting.groups[0]).toMatchObject({ counts: { starting: RUNNERS }, plan: [], problems: [] });

    const late = await tickAfter(stage, TIMED_OUT_MS - after);
    expect(done(late)).toEqual(['disable', 'disable']);
    expect(reasons(late)).toEqual([`not online 11m after registration (startTimeout 10m; pod: ${pod})`]);
    expect(bounds(late)).toEqual(['1 failed start in a row: 2 withheld, the next try is in 1m']);
    await expectRetired(stage);
  });
});

describe('a pod that no waiting helps gives its place up at once', () => {
  it.each<{ name: string; fate: Fate; after: number; told: string }>([
    {
      name: 'an image name that is none',
      fate: { kind: 'image-misnamed', image: 'Runner:1' },
      after: 10_000,
      told: `the image cannot be had: InvalidImageName: Failed to apply default image tag "Runner:1": couldn't parse image name: invalid reference format; check its name in the template and the nodes' way to the registry`,
    },
    {
      name: 'a third crash',
      fate: { kind: 'crashes', times: 3, exitCode: 1, reason: 'Error' },
      after: 10_000,
      told: 'the container crashes: CrashLoopBackOff: back-off 10s restarting failed container (last exit: Error, code 1); see kubectl logs of the pod, with --previous',
    },
    {
      name: 'a Secret of the template that is not there',
      fate: { kind: 'secret-missing', missing: 'registry' },
      after: 4 * MINUTE,
      told: 'the container cannot be made: CreateContainerConfigError: secret "registry" not found; check the Secrets and settings that the template names',
    },
  ])('$name', async ({ fate, after, told }) => {
    const stage = await openWith(fate);
    const report = await tickAfter(stage, after);
    expect(done(report)).toEqual(['disable', 'disable']);
    expect(reasons(report)).toEqual([`it cannot start: ${told}`]);
    expect(bounds(report)).toEqual(['1 failed start in a row: 2 withheld, the next try is in 1m']);
    await expectRetired(stage);
  });
});

describe('a Job that gives up on its pod before its runner has connected', () => {
  it('is a failed start too', async () => {
    const stage = await openWith({ kind: 'ends', how: 'failed' });
    await eventually(async () => {
      await stage.kubelet.pass();
      const jobs = await cluster.jobApiOf('autoscaler').list(stage.place);
      expect(jobs.map(({ status }) => status)).toEqual(['failed', 'failed']);
    });
    const report = await tickAfter(stage, 10_000);
    expect(done(report)).toEqual(['remove', 'remove']);
    expect(reasons(report)).toEqual([
      "its Job is failed, and it has never connected; see kubectl logs of the next one's pod while it starts",
    ]);
    expect(bounds(report)).toEqual(['1 failed start in a row: 2 withheld, the next try is in 1m']);
    await expectNothingLeft(stage);
  });
});

describe('quarantine', () => {
  const broken: Fate = { kind: 'image-misnamed', image: 'Runner:1' };

  it('waits ever longer, tries with one, and ends by itself when that one works', async () => {
    const stage = await openWith(broken, { min: 3 });
    const story: string[] = [];
    for (let minute = 1; minute <= 6; minute += 1) {
      if (minute === 5) Object.assign(stage.nodes, { fate: runs, reachBitbucket: true });
      const report = await tickAfter(stage, MINUTE);
      story.push(`${minute}: ${[done(report)?.join(' ') || 'nothing', ...(bounds(report) ?? [])].join('; ')}`);
    }
    expect(story).toEqual([
      '1: disable disable disable; 1 failed start in a row: 3 withheld, the next try is in 1m',
      '2: add; 1 failed start in a row: 2 withheld, one runner at a time is tried',
      '3: remove remove remove disable; 2 failed starts in a row: 3 withheld, the next try is in 2m',
      '4: nothing; 2 failed starts in a row: 3 withheld, the next try is in 1m',
      '5: add remove; 2 failed starts in a row: 2 withheld, one runner at a time is tried',
      '6: add add',
    ]);
    await expectSettled(stage, 3, 'after quarantine');
  });
});

describe('what a cluster refuses to take', () => {
  it('a quota on Jobs: told with the next step, and not asked for again on every tick', async () => {
    const stage = await openStage(cluster, { min: RUNNERS });
    await limitObjects(cluster, stage.place, { 'count/jobs.batch': '0' });
    const report = await stage.tick();
    const errors = report.groups[0]?.outcomes.map(({ error }) => error);
    expect(errors).toHaveLength(RUNNERS);
    for (const error of errors ?? []) {
      expect(error).toMatch(
        /exceeded quota: small, .*; raise the quota, or lower max of the groups in this namespace$/,
      );
    }
    expect(bounds(await tickAfter(stage, 30_000))).toEqual([
      '1 failed start in a row: 2 withheld, the next try is in 30s',
    ]);
    await expectNothingLeft(stage);
  });

  it('a quota on pods: their Jobs are taken and get none', async () => {
    const stage = await openStage(cluster, { min: RUNNERS, startTimeoutMs: START_TIMEOUT_MS, drainGraceMs: GRACE_MS });
    await limitObjects(cluster, stage.place, { pods: '0' });
    expect(done(await stage.tick())).toEqual(['add', 'add']);
    stage.world.advance(4 * MINUTE);
    expect(troubles(await stage.tick())).toEqual([
      '2 starting runners: its Job has no pod; see the events of kubectl describe job: a quota, a limit range or an admission policy may refuse it',
    ]);
    stage.world.advance(TIMED_OUT_MS - 4 * MINUTE);
    const late = await stage.tick();
    expect(done(late)).toEqual(['disable', 'disable']);
    expect(reasons(late)).toEqual(['not online 11m after registration (startTimeout 10m; pod: none)']);
    // No pods are waited for, since none come.
    stage.world.advance(10_000);
    await stage.tick();
    stage.world.advance(GRACE_MS + 5_000);
    expect(done(await stage.tick())).toEqual(['remove', 'remove']);
    await expectNothingLeft(stage);
  });
});
