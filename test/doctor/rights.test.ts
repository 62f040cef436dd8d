/** For which Kubernetes group a doctor asks: the one that the access entry of its stage gives. */
import { expect, it } from 'vitest';
import type { ClusterClient } from '#adapters/kubernetes/cluster-client.ts';
import { ServiceError } from '#core/errors.ts';
import { kubernetesGroups, type Whereabouts } from '#doctor/deployment.ts';
import { type Actor, checkRights } from '#doctor/rights.ts';

type Row = {
  readonly name: string;
  readonly whereabouts: Whereabouts;
  readonly scale: string;
  readonly report: string;
};

const PROGRAM = 'bitbucket-runner-autoscaler';

const ROWS: readonly Row[] = [
  {
    name: 'a function is told its stack',
    whereabouts: { stateStore: 'dynamodb:shared-table', serviceName: `${PROGRAM}-test` },
    scale: `${PROGRAM}-scale-test`,
    report: `${PROGRAM}-report-test`,
  },
  {
    name: "a command knows the stack's table",
    whereabouts: { stateStore: `dynamodb:${PROGRAM}-eu-prod`, serviceName: undefined },
    scale: `${PROGRAM}-scale-eu-prod`,
    report: `${PROGRAM}-report-eu-prod`,
  },
  {
    name: 'a table with a name of its own tells no stage',
    whereabouts: { stateStore: 'dynamodb:shared-table', serviceName: undefined },
    scale: PROGRAM,
    report: `${PROGRAM}-readonly`,
  },
  {
    name: 'no deployment',
    whereabouts: { stateStore: 'file:state.sqlite', serviceName: undefined },
    scale: PROGRAM,
    report: `${PROGRAM}-readonly`,
  },
];

it.each(ROWS)('$name', ({ whereabouts, scale, report }) => {
  expect(kubernetesGroups(whereabouts)).toEqual({ scale, report });
});

it('asks for the group of the stage, and names it where it lacks a right', async () => {
  const asked = new Set<string>();
  const groups = { scale: `${PROGRAM}-scale-test`, report: `${PROGRAM}-report-test` };
  const client = {
    request: async (_method: string, _path: string, { body }: { readonly body: { readonly spec: Spec } }) => {
      for (const group of body.spec.groups ?? []) asked.add(group);
      return { status: { allowed: body.spec.resourceAttributes.verb !== 'create' } };
    },
  } as unknown as ClusterClient;
  const place = { namespace: 'runners', subject: 'runners of main', drainGraceMs: 0, resizes: false };
  const [rights] = await checkRights(client, place, { self: 'user', name: 'me', settings: undefined, groups });
  expect([...asked]).toEqual([groups.scale, 'system:authenticated']);
  expect(rights).toMatchObject({
    outcome: 'failed',
    detail: `the group ${groups.scale} lacks: create jobs.batch, create secrets`,
  });
});

type Spec = {
  readonly groups?: readonly string[];
  readonly resourceAttributes: { readonly verb: string; readonly subresource?: string };
};

it.each<[string, Partial<Actor>, readonly string[], object | undefined]>([
  ['where no group resizes', {}, [], undefined],
  ['that is there', {}, ['patch'], { outcome: 'ok', detail: 'the group scale may' }],
  [
    'that is missing',
    {},
    [],
    {
      outcome: 'failed',
      detail: 'the group scale lacks: patch pods/resize, so that busy runners keep what idle ones ask for',
      next: 'apply the component pods-resize of infra/kubernetes, or leave whenIdle out',
    },
  ],
  ['of which the report cannot ask', { self: 'report' }, [], { outcome: 'skipped' }],
])('the right to resize pods, %s', async (name, over, granted, expected) => {
  const isReport = over.self === 'report';
  const client = {
    request: async (_method: string, _path: string, { body }: { readonly body: { readonly spec: Spec } }) => {
      const { verb, subresource } = body.spec.resourceAttributes;
      // The report may not ask for others.
      if (isReport && body.spec.groups !== undefined) throw missingRight();
      return { status: { allowed: subresource !== 'resize' || granted.includes(verb) } };
    },
  } as unknown as ClusterClient;
  const actor: Actor = {
    self: 'user',
    name: 'me',
    settings: undefined,
    groups: { scale: 'scale', report: 'report' },
    ...over,
  };
  const place = { namespace: 'runners', subject: 'runners', drainGraceMs: 0, resizes: !name.includes('no group') };
  const found = (await checkRights(client, place, actor)).filter(({ id }) => id === 'pods-resize');
  expect(found).toEqual(expected === undefined ? [] : [expect.objectContaining(expected)]);
});

it.each([
  { granted: true, risk: undefined, ends: "rests on the runners' own logs" },
  { granted: true, risk: 'R', ends: "rests on the runners' own logs; with one exception: R" },
  { granted: false, risk: undefined, ends: 'the component pods-log would grant it' },
  { granted: false, risk: 'R', ends: 'the component pods-log would grant it; with one exception: R' },
])('what the promise rests on, pods/log $granted, at risk: $risk', async ({ granted: allowed, risk, ends }) => {
  const client = { request: async () => ({ status: { allowed } }) } as unknown as ClusterClient;
  const groups = { scale: 'scale', report: 'report' };
  const place = { namespace: 'runners', subject: 'runners', drainGraceMs: 90_000, resizes: false, risk };
  const checks = await checkRights(client, place, { self: 'user', name: 'me', settings: undefined, groups });
  const detail = checks.find(({ id }) => id === 'pods-log')?.detail ?? '';
  expect(detail.slice(-ends.length)).toBe(ends);
});

function missingRight(): ServiceError {
  const details = { service: 'kubernetes', outcome: 'refused', status: 403 } as const;
  return new ServiceError('no', details, { cause: { missingRight: true } });
}
