import { describe, expect, it } from 'vitest';
import { ServiceError } from '#core/errors.ts';
import type { Action, Outcome } from '#core/model/decision.ts';
import type { Runner } from '#core/model/observation.ts';
import { reason } from '#core/reasons.ts';
import { runner } from '#kit/fleet.ts';
import type { Script } from '../reconcile/ports.ts';
import { carryOutOne, REASON } from './carry-out.ts';

const IDLE = runner({ uuid: '{a}' });
const WEB = { cluster: 'main', namespace: 'web' };
const change = (action: 'protect' | 'unprotect'): Action => ({ action, runner: IDLE, pod: 'pod-a', reason: REASON });
const nowIs = (now: Runner | undefined): Script => ({ runners: { get: async () => now } });
const refused: Script = {
  jobs: {
    protectPod: async () => {
      throw new ServiceError('The cluster said no.', { service: 'kubernetes', outcome: 'refused', status: 403 });
    },
  },
};

type Row = {
  readonly name: string;
  readonly action: 'protect' | 'unprotect';
  readonly script: Script;
  readonly trace: readonly string[];
  readonly status: Outcome['status'];
  readonly error?: string;
};

const ROWS: readonly Row[] = [
  {
    name: 'a busy pod is kept at once',
    action: 'protect',
    script: {},
    trace: ['protectPod pod-a in runners'],
    status: 'done',
  },
  {
    name: 'a rested pod is unprotected',
    action: 'unprotect',
    script: nowIs(IDLE),
    trace: ['get {a}', 'unprotectPod pod-a in runners'],
    status: 'done',
  },
  {
    name: 'a runner that is gone needs no node',
    action: 'unprotect',
    script: nowIs(undefined),
    trace: ['get {a}', 'unprotectPod pod-a in runners'],
    status: 'done',
  },
  {
    name: 'it took a step',
    action: 'unprotect',
    script: nowIs({ ...IDLE, hasStep: true }),
    trace: ['get {a}'],
    status: 'skipped',
    error: 'it has taken a step since',
  },
  {
    name: 'the cluster refuses',
    action: 'protect',
    script: refused,
    trace: ['protectPod pod-a in runners'],
    status: 'failed',
    error: 'The cluster said no.',
  },
];

describe('the marks that keep a pod on its node', () => {
  it.each(['protect', 'unprotect'] as const)('a pod in another namespace than its group’s: %s', async (action) => {
    const { trace } = await carryOutOne({ ...change(action), away: WEB } as Action, nowIs(IDLE));
    expect(trace.at(-1)).toBe(`${action}Pod pod-a in web`);
  });

  it.each(ROWS)('$name', async ({ action, script, trace, status, error }) => {
    const done = await carryOutOne(change(action), script);
    expect(done.trace).toEqual(trace);
    expect(done.outcome).toEqual({ action, runner: '{a}', status, ...(error === undefined ? {} : { error }) });
  });
});

describe('what a pod asks for', () => {
  const place = { action: 'resize', runner: IDLE, pod: 'pod-a', container: 'docker' } as const;
  const full: Action = { ...place, isInit: true, requests: { cpu: '1' }, reason: reason('needs-all', {}) };
  const little: Action = { ...place, requests: { cpu: '50m' }, reason: reason('needs-little', { idleMs: 60_000 }) };
  const fails = (status: number): Script => ({
    jobs: {
      resizePod: async () => {
        throw new ServiceError('The cluster said no.', { service: 'kubernetes', outcome: 'refused', status });
      },
    },
  });
  const FULL = 'resizePod pod-a in runners {"container":"docker","isInit":true,"requests":{"cpu":"1"}}';
  const LITTLE = 'resizePod pod-a in runners {"container":"docker","requests":{"cpu":"50m"}}';
  const GONE = 'its pod is gone, or the cluster resizes no pods: that takes Kubernetes 1.33';

  it.each<[string, Action, Script, readonly string[], Outcome['status'], string?]>([
    ['is more at once', full, {}, [FULL], 'done'],
    ['is more where its pod is', { ...full, away: WEB }, {}, [FULL.replace('in runners', 'in web')], 'done'],
    ['is less after a look', little, nowIs(IDLE), ['get {a}', LITTLE], 'done'],
    [
      'is not less where it took a step',
      little,
      nowIs({ ...IDLE, hasStep: true }),
      ['get {a}'],
      'skipped',
      'it has taken a step since',
    ],
    ['is nothing where the pod is gone', full, fails(404), [FULL], 'skipped', GONE],
    ['is refused', full, fails(403), [FULL], 'failed', 'The cluster said no.'],
  ])('%s', async (_, action, script, trace, status, error) => {
    const done = await carryOutOne(action, script);
    expect(done.trace).toEqual(trace);
    expect(done.outcome).toEqual({
      action: 'resize',
      runner: '{a}',
      status,
      ...(error === undefined ? {} : { error }),
    });
  });
});
