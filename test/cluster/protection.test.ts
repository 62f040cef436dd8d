/**
 * Pods that must stay on their nodes: the marks as the shipped line sets and takes them, and what the shipped
 * PodDisruptionBudget makes of them when a drain asks for an eviction.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { ServiceError } from '#core/errors.ts';
import type { Report } from '#core/model/report.ts';
import { PROTECTED_LABEL, PROTECTION_ANNOTATIONS, RUNNER_LABEL } from '#manifests/naming.ts';
import { type ClusterObject, eventually, pathOf, useCluster } from './cluster.ts';
import { waits } from './pod-status.ts';
import { openStage, type Stage } from './stage.ts';

const MINUTE = 60_000;
const COOL_DOWN_MS = 5 * MINUTE;
const STEP = { scope: { workspace: 'acme' }, labels: ['builds'], durationMs: 2 * MINUTE };
const GROUP = { min: 2, coolDownMs: COOL_DOWN_MS };

let stage: Stage;
beforeEach(async () => {
  stage = await openStage(useCluster(), GROUP);
});

const done = (report: Report) =>
  report.groups[0]?.outcomes.filter(({ status }) => status === 'done').map(({ action, runner }) => [action, runner]);

async function tickAfter(ms: number): Promise<Report> {
  stage.world.advance(ms);
  const report = await stage.tick();
  await stage.kubelet.settle();
  return report;
}

async function pods(): Promise<readonly ClusterObject[]> {
  return (await stage.cluster.objects(stage.place, 'pods')).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );
}

/** Of each runner's pod: all of the marks, or none. Anything between is a mistake. */
async function marks(): Promise<Readonly<Record<string, 'protected' | 'unprotected'>>> {
  const entries = (await pods()).map(({ metadata: { labels = {}, annotations = {} } }) => {
    const found = [labels[PROTECTED_LABEL], ...Object.keys(PROTECTION_ANNOTATIONS).map((name) => annotations[name])];
    const all = ['true', ...Object.values(PROTECTION_ANNOTATIONS)];
    if (found.some((value) => value !== undefined)) expect(found).toEqual(all);
    return [`{${labels[RUNNER_LABEL]}}`, found[0] === undefined ? 'unprotected' : 'protected'] as const;
  });
  return Object.fromEntries(entries);
}

async function podOf(uuid: string): Promise<string> {
  const pod = (await pods()).find(({ metadata }) => `{${metadata.labels?.[RUNNER_LABEL]}}` === uuid);
  return pod?.metadata.name ?? 'none';
}

/** As a drain asks for it. Gives the status of the answer and what it says. */
async function evict(pod: string): Promise<{ readonly status: number; readonly message: string }> {
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod } };
  const path = `${pathOf(stage.place.namespace, 'pods')}/${pod}/eviction`;
  return stage.cluster.admin.request('POST', path, { body }).then(
    () => ({ status: 201, message: '' }),
    (error: ServiceError) => ({ status: error.status ?? 0, message: error.message }),
  );
}

type Budget = ClusterObject & {
  readonly metadata: { readonly generation: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly expectedPods: number;
    readonly disruptionsAllowed: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
  };
};

/** Until the disruption controller has counted this many pods: before, every eviction is refused. */
function budgetOver(count: number): Promise<Budget> {
  return eventually(async () => {
    const [budget] = (await stage.cluster.objects(stage.place, 'poddisruptionbudgets')) as readonly Budget[];
    if (budget?.status?.observedGeneration !== budget?.metadata.generation || budget?.status?.expectedPods !== count) {
      throw new Error(`the budget is over ${budget?.status?.expectedPods} pods`);
    }
    return budget;
  });
}

/** Two idle runners, long enough for their pods to be unprotected. */
async function letBothGo(): Promise<readonly [string, string]> {
  await tickAfter(0);
  await tickAfter(0);
  await tickAfter(COOL_DOWN_MS);
  const [first = '', second = ''] = stage.registrations().map(({ uuid }) => uuid);
  expect(await marks()).toEqual({ [first]: 'unprotected', [second]: 'unprotected' });
  return [first, second];
}

describe('the marks', () => {
  it('are there from the start, go after the cool-down, and come back with a step', async () => {
    await tickAfter(0);
    const [first = '', second = ''] = stage.registrations().map(({ uuid }) => uuid);
    expect(await marks()).toEqual({ [first]: 'protected', [second]: 'protected' });

    // Seen idle for the first time; then once more just before the cool-down is over.
    expect(done(await tickAfter(MINUTE))).toEqual([]);
    expect(done(await tickAfter(COOL_DOWN_MS - 1))).toEqual([]);
    expect(await marks()).toEqual({ [first]: 'protected', [second]: 'protected' });

    expect(done(await tickAfter(1))).toEqual([
      ['unprotect', first],
      ['unprotect', second],
    ]);
    expect(await marks()).toEqual({ [first]: 'unprotected', [second]: 'unprotected' });
    expect(done(await tickAfter(MINUTE))).toEqual([]);

    stage.world.submit(STEP);
    const busy = stage.registrations().find(({ hasStep }) => hasStep)?.uuid ?? '';
    expect(done(await tickAfter(0))).toEqual([['protect', busy]]);
    expect((await marks())[busy]).toBe('protected');
    expect(Object.values(await marks()).filter((mark) => mark === 'unprotected')).toHaveLength(1);

    // The step ends, and patience begins anew.
    expect(done(await tickAfter(2 * MINUTE))).toEqual([]);
    expect(done(await tickAfter(COOL_DOWN_MS - 1))).toEqual([]);
    expect(done(await tickAfter(1))).toEqual([['unprotect', busy]]);
  });

  it('are patches of these alone: the template’s own labels and annotations stay', async () => {
    const otherNames = async () =>
      (await pods()).map(({ metadata: { labels = {}, annotations = {} } }) => ({
        labels: Object.keys(labels).filter((name) => name !== PROTECTED_LABEL),
        annotations: Object.keys(annotations).filter((name) => !(name in PROTECTION_ANNOTATIONS)),
      }));
    await tickAfter(0);
    const created = await otherNames();
    await tickAfter(0);
    await tickAfter(COOL_DOWN_MS);
    expect(await otherNames()).toEqual(created);
    const patches = stage.cluster.audit(stage.place).events.filter(({ verb }) => verb === 'patch');
    expect(patches.map(({ objectRef, user }) => [objectRef?.resource, user.username])).toEqual([
      ['pods', 'autoscaler'],
      ['pods', 'autoscaler'],
    ]);
  });
});

describe('a drain under the shipped PodDisruptionBudget', () => {
  it('does not evict a pod from its creation on', async () => {
    await tickAfter(0);
    expect(await budgetOver(2)).toMatchObject({ status: { disruptionsAllowed: 0 } });
    for (const { uuid } of stage.registrations()) {
      expect(await evict(await podOf(uuid))).toMatchObject({
        status: 429,
        message: expect.stringContaining("would violate the pod's disruption budget"),
      });
    }
    expect(await pods()).toHaveLength(2);
  });

  it('evicts what is unprotected, and not what is at work beside it', async () => {
    await letBothGo();
    stage.world.submit(STEP);
    const busy = stage.registrations().find(({ hasStep }) => hasStep)?.uuid ?? '';
    const idle = stage.registrations().find(({ hasStep }) => !hasStep)?.uuid ?? '';
    await tickAfter(0);
    await budgetOver(1);
    expect(await evict(await podOf(busy))).toMatchObject({ status: 429 });
    const evicted = await podOf(idle);
    expect(await evict(evicted)).toEqual({ status: 201, message: '' });

    // The Job makes another pod for the same runner as soon as the first is gone, and that one is protected again.
    await eventually(async () => {
      await stage.kubelet.pass();
      const pod = await podOf(idle);
      expect(['none', evicted]).not.toContain(pod);
    });
    expect(await marks()).toEqual({ [busy]: 'protected', [idle]: 'protected' });
  });

  it('evicts a pod that waits for a node: nothing runs in it', async () => {
    stage.nodes.fate = waits;
    await tickAfter(0);
    await budgetOver(2);
    const [{ uuid } = { uuid: '' }] = stage.registrations();
    expect(await evict(await podOf(uuid))).toEqual({ status: 201, message: '' });
  });
});

describe('why the budget says minAvailable, and a number', () => {
  it.each<{ name: string; budget: Readonly<Record<string, unknown>>; reason: string }>([
    { name: 'a number that is never reached', budget: { minAvailable: 100_000 }, reason: 'InsufficientPods' },
    { name: 'all of them, in percent', budget: { minAvailable: '100%' }, reason: 'SyncFailed' },
    { name: 'none may be away', budget: { maxUnavailable: 0 }, reason: 'SyncFailed' },
  ])('$name: $reason', async ({ budget, reason }) => {
    const { admin } = stage.cluster;
    const path = `${pathOf(stage.place.namespace, 'poddisruptionbudgets')}/bitbucket-runners-at-work`;
    const none = { minAvailable: null, maxUnavailable: null };
    await admin.request('PATCH', path, {
      body: { spec: { ...none, ...budget } },
      contentType: 'application/merge-patch+json',
    });
    await tickAfter(0);
    await eventually(async () => {
      const { status } = await admin.request<Budget>('GET', path);
      expect(status?.conditions?.map((condition) => condition.reason)).toEqual([reason]);
      expect(status?.disruptionsAllowed).toBe(0);
    });
    const [{ uuid } = { uuid: '' }] = stage.registrations();
    expect(await evict(await podOf(uuid))).toMatchObject({ status: 429 });
  });
});
