/** For which Kubernetes group a doctor asks: the one that the access entry of its stage gives. */
import { expect, it } from 'vitest';
import type { ClusterClient } from '#adapters/kubernetes/cluster-client.ts';
import { kubernetesGroups, type Whereabouts } from '#doctor/deployment.ts';
import { checkRights } from '#doctor/rights.ts';

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
  const place = { namespace: 'runners', subject: 'runners of main', drainGraceMs: 0 };
  const [rights] = await checkRights(client, place, { self: 'user', name: 'me', settings: undefined, groups });
  expect([...asked]).toEqual([groups.scale, 'system:authenticated']);
  expect(rights).toMatchObject({
    outcome: 'failed',
    detail: `the group ${groups.scale} lacks: create jobs.batch, create secrets`,
  });
});

type Spec = { readonly groups?: readonly string[]; readonly resourceAttributes: { readonly verb: string } };
