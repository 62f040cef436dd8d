/**
 * Least privilege, by the files of infra/kubernetes as they are shipped: the rights that they give are all needed, and
 * they are all there are.
 */
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { ServiceError } from '#core/errors.ts';
import type { Report } from '#core/model/report.ts';
import type { Manifest, Namespace } from '#core/ports.ts';
import { reconcile } from '#core/reconcile.ts';
import { fleet, group } from '#kit/fleet.ts';
import { jobName } from '#manifests/naming.ts';
import { type Cluster, pathOf, useCluster } from './cluster.ts';
import type { IdentityName } from './identities.ts';
import { launch, manifestsOf, uuidOf } from './launch.ts';
import { type Right, rightsIn, rightsOf, type ShippedIdentity, shippedRights, takeAway } from './rights.ts';
import {
  autoscalerRules,
  podsLogRules,
  podsResizeRules,
  type Rule,
  runnerNamespaceObjects,
} from './runner-namespace.ts';
import { openStage, type Stage } from './stage.ts';

const MINUTE = 60_000;
const INFRA = fileURLToPath(new URL('../../infra/kubernetes/', import.meta.url));

describe('the shipped files', () => {
  it('give each identity the rights that are documented, and no wildcard', () => {
    expect(shippedRights('autoscaler')).toEqual([
      'create jobs.batch',
      'create secrets',
      'delete jobs.batch',
      'list jobs.batch',
      'list pods',
      'patch pods',
    ]);
    expect(shippedRights('readonly')).toEqual(['list jobs.batch', 'list pods']);
    expect(rightsIn(podsLogRules())).toEqual(['get pods/log']);
    expect(rightsIn(podsResizeRules())).toEqual(['patch pods/resize']);
    const roles = runnerNamespaceObjects('runners').filter(({ kind }) => kind === 'Role');
    expect(rightsIn(roles.flatMap(({ rules }) => rules as readonly Rule[])).join()).not.toContain('*');
  });

  it('hold nothing that reaches beyond a namespace', () => {
    expect(runnerNamespaceObjects('runners').map(({ kind }) => kind)).toEqual([
      'Namespace',
      'Role',
      'RoleBinding',
      'Role',
      'RoleBinding',
      'PodDisruptionBudget',
    ]);
  });
});

describe('stages', () => {
  it('the group of an earlier version still has its rights, that of another stage has none', async () => {
    const { namespace } = await useCluster().makeNamespace();
    const rights = async (identity: IdentityName) => rightsOf(useCluster(), identity, namespace);
    const none = await rights('stranger');
    expect(await rights('former')).toEqual(await rights('autoscaler'));
    expect(await rights('autoscaler')).toEqual(expect.arrayContaining([...shippedRights('autoscaler')]));
    expect(await rights('otherStage')).toEqual(none);
  });
});

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

// What these show of kustomize is what `runnerNamespaceObjects` does by itself, for machines without it.
describe.runIf(hasKubectl)('kubectl', () => {
  const kubectl = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync('kubectl', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return stdout;
  };
  const byName = (objects: readonly Manifest[]) =>
    objects.toSorted((a, b) => `${a.kind} ${a.metadata.name}`.localeCompare(`${b.kind} ${b.metadata.name}`));

  it.each([
    ['infra/kubernetes', '.', 'runners'],
    ['its example for another namespace', 'another-namespace', 'runners-large'],
  ])('makes of %s the objects that the tests use', (_name, folder, namespace) => {
    const documents = parseAllDocuments(kubectl('kustomize', `${INFRA}${folder}`));
    const objects = documents.map((document) => document.toJS() as Manifest);
    expect(byName(objects)).toEqual(byName(runnerNamespaceObjects(namespace)));
  });

  it('binds the groups of another stage by an edit of two words, with every component', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kustomization-'));
    await cp(INFRA, folder, { recursive: true });
    const file = join(folder, 'kustomization.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll('-prod"', '-test"').replaceAll(/^# (components| {2}-)/gm, '$1'));
    const objects = parseAllDocuments(kubectl('kustomize', folder)).map((document) => document.toJS() as Manifest);
    const bound = objects
      .filter(({ kind }) => kind === 'RoleBinding')
      .map(({ metadata, subjects }) => [metadata.name, (subjects as { name: string }[]).map(({ name }) => name)]);
    expect(bound.toSorted()).toEqual([
      ['bitbucket-runner-autoscaler', ['bitbucket-runner-autoscaler', 'bitbucket-runner-autoscaler-scale-test']],
      [
        'bitbucket-runner-autoscaler-pods-log',
        ['bitbucket-runner-autoscaler', 'bitbucket-runner-autoscaler-scale-test'],
      ],
      [
        'bitbucket-runner-autoscaler-pods-resize',
        ['bitbucket-runner-autoscaler', 'bitbucket-runner-autoscaler-scale-test'],
      ],
      [
        'bitbucket-runner-autoscaler-readonly',
        ['bitbucket-runner-autoscaler-readonly', 'bitbucket-runner-autoscaler-report-test'],
      ],
    ]);
    expect(objects.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['NetworkPolicy', 'ConfigMap', 'ValidatingAdmissionPolicy']),
    );
    await rm(folder, { recursive: true });
  });

  it('applies them, twice with the same result', () => {
    const { address } = useCluster();
    const apply = () => kubectl('apply', '--kubeconfig', address.kubeconfigs.admin, '-k', INFRA).trim().split('\n');
    expect(apply()).toHaveLength(6);
    // Of a PodDisruptionBudget kubectl sends the selector every time, changed or not.
    const changed = apply().filter((line) => !line.endsWith(' unchanged') && !line.startsWith('poddisruptionbudget'));
    expect(changed).toEqual([]);
  });
});

describe('on a real API server', () => {
  let cluster: Cluster;
  let place: Namespace;
  let other: Namespace;
  /** What the cluster lets everybody do: ask who they are and what they may. */
  let common: readonly Right[];

  beforeAll(async () => {
    cluster = useCluster();
    place = await cluster.makeNamespace();
    // Set up for runners as well, for a group that is not ours: another installation's.
    other = { ...place, namespace: `${place.namespace}-other` };
    await cluster.create(other, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: other.namespace } });
    common = await rightsOf(cluster, 'stranger', place.namespace);
  });

  it.each<ShippedIdentity>(['autoscaler', 'readonly'])(
    'the identity "%s" has these rights and no others',
    async (identity) => {
      const own = (await rightsOf(cluster, identity, place.namespace)).filter((right) => !common.includes(right));
      expect(own).toEqual(shippedRights(identity));
      expect(await rightsOf(cluster, identity, other.namespace)).toEqual(common);
      expect(await rightsOf(cluster, identity, 'kube-system')).toEqual(common);
      expect(common.filter((right) => !right.startsWith('create self'))).toEqual([]);
    },
  );

  describe('what is refused', () => {
    let name: string;
    beforeAll(async () => {
      name = await launch(cluster.jobApiOf('autoscaler'), place, 1);
      const { job } = manifestsOf(other, 2);
      await cluster.create(other, job);
    });

    type Row = readonly [
      what: string,
      method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
      path: (at: { readonly here: string; readonly there: string }) => string,
      query?: Readonly<Record<string, string>>,
    ];
    const jobs = (namespace: string) => pathOf(namespace, 'jobs');
    const pods = (namespace: string) => pathOf(namespace, 'pods');
    const secrets = (namespace: string) => pathOf(namespace, 'secrets');
    const credentials = 'runner-oauth-credentials-00000000-0000-4000-8000-000000000001';

    const REFUSED_TO_BOTH: readonly Row[] = [
      ['reading a Secret', 'GET', ({ here }) => `${secrets(here)}/${credentials}`],
      ['listing Secrets', 'GET', ({ here }) => secrets(here)],
      ['watching Secrets', 'GET', ({ here }) => secrets(here), { watch: 'true' }],
      ['changing a Secret', 'PATCH', ({ here }) => `${secrets(here)}/${credentials}`],
      ['deleting a Secret', 'DELETE', ({ here }) => `${secrets(here)}/${credentials}`],
      ['deleting all Secrets', 'DELETE', ({ here }) => secrets(here)],
      ['reading a Job', 'GET', ({ here }) => `${jobs(here)}/${name}`],
      ['watching Jobs', 'GET', ({ here }) => jobs(here), { watch: 'true' }],
      ['changing a Job', 'PATCH', ({ here }) => `${jobs(here)}/${name}`],
      ['changing the status of a Job', 'PATCH', ({ here }) => `${jobs(here)}/${name}/status`],
      ['deleting all Jobs', 'DELETE', ({ here }) => jobs(here)],
      ['creating a pod', 'POST', ({ here }) => pods(here)],
      ['reading a pod', 'GET', ({ here }) => `${pods(here)}/any`],
      ['deleting a pod', 'DELETE', ({ here }) => `${pods(here)}/any`],
      ['evicting a pod', 'POST', ({ here }) => `${pods(here)}/any/eviction`],
      ['going into a pod', 'POST', ({ here }) => `${pods(here)}/any/exec`, { command: 'env', stdout: 'true' }],
      ['attaching to a pod', 'POST', ({ here }) => `${pods(here)}/any/attach`, { stdout: 'true' }],
      ['reading the log of a pod', 'GET', ({ here }) => `${pods(here)}/any/log`],
      ['changing the status of a pod', 'PATCH', ({ here }) => `${pods(here)}/any/status`],
      ['adding a container to a pod', 'PATCH', ({ here }) => `${pods(here)}/any/ephemeralcontainers`],
      ['listing Jobs elsewhere', 'GET', ({ there }) => jobs(there)],
      ['creating a Job elsewhere', 'POST', ({ there }) => jobs(there)],
      ['deleting a Job elsewhere', 'DELETE', ({ there }) => `${jobs(there)}/${jobName(uuidOf(2))}`],
      ['creating a Secret elsewhere', 'POST', ({ there }) => secrets(there)],
      ['listing pods elsewhere', 'GET', ({ there }) => pods(there)],
      ['listing Jobs everywhere', 'GET', () => '/apis/batch/v1/jobs'],
      ['listing pods everywhere', 'GET', () => '/api/v1/pods'],
      ['listing Secrets everywhere', 'GET', () => '/api/v1/secrets'],
      ['listing nodes', 'GET', () => '/api/v1/nodes'],
      ['listing namespaces', 'GET', () => '/api/v1/namespaces'],
      ['reading its namespace', 'GET', ({ here }) => `/api/v1/namespaces/${here}`],
      ['creating a namespace', 'POST', () => '/api/v1/namespaces'],
      ['deleting its namespace', 'DELETE', ({ here }) => `/api/v1/namespaces/${here}`],
      ['widening its own Role', 'PATCH', ({ here }) => `${pathOf(here, 'roles')}/bitbucket-runner-autoscaler`],
      ['binding itself to more', 'POST', ({ here }) => pathOf(here, 'rolebindings')],
      [
        'a token of a service account',
        'POST',
        ({ here }) => `/api/v1/namespaces/${here}/serviceaccounts/default/token`,
      ],
      ['binding itself to more, everywhere', 'POST', () => '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'],
    ];
    const REFUSED_TO_READONLY: readonly Row[] = [
      ['creating a Job', 'POST', ({ here }) => jobs(here)],
      ['deleting a Job', 'DELETE', ({ here }) => `${jobs(here)}/${name}`],
      ['creating a Secret', 'POST', ({ here }) => secrets(here)],
      ['changing a pod', 'PATCH', ({ here }) => `${pods(here)}/any`],
    ];
    const REFUSED: Readonly<Record<ShippedIdentity, readonly Row[]>> = {
      autoscaler: REFUSED_TO_BOTH,
      readonly: [...REFUSED_TO_BOTH, ...REFUSED_TO_READONLY],
    };
    const rows = (Object.keys(REFUSED) as readonly ShippedIdentity[]).flatMap((who) =>
      REFUSED[who].map(([what, method, path, query = {}]) => ({ who, what, method, path, query })),
    );

    it.each(rows)('to "$who": $what', async ({ who, method, path, query }) => {
      const attempt = cluster.clientOf(who).request(method, path({ here: place.namespace, there: other.namespace }), {
        query,
        ...(method === 'GET' ? {} : { body: {} }),
        ...(method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {}),
      });
      const error = await attempt.then(
        () => undefined,
        (reason: ServiceError) => reason,
      );
      expect(error?.message).toMatch(/not allowed \(403\)|\(403, Forbidden: .* cannot \w+ resource/);
    });
  });

  describe('every right is needed', () => {
    /** What a tick cannot do without the right, and what its report then says. */
    type Story = {
      readonly prepare: (stage: Stage) => Promise<void>;
      readonly sentenceIn: (report: Report) => string | undefined;
    };
    const online = async ({ tick, kubelet }: Stage) => {
      await tick();
      await kubelet.settle();
    };
    const nothing = async () => undefined;
    const problem = (report: Report) => report.groups[0]?.problems.join(' ');
    const failure = (action: string) => (report: Report) =>
      report.groups[0]?.outcomes.find((outcome) => outcome.action === action && outcome.status === 'failed')?.error;

    const STORIES: Readonly<Record<Right, Story>> = {
      'list jobs.batch': { prepare: nothing, sentenceIn: problem },
      'list pods': { prepare: nothing, sentenceIn: problem },
      'create jobs.batch': { prepare: nothing, sentenceIn: failure('add') },
      'create secrets': { prepare: nothing, sentenceIn: failure('add') },
      'delete jobs.batch': {
        prepare: async (stage) => {
          await online(stage);
          const [runner] = stage.registrations();
          stage.world.bitbucket.remove({ workspace: 'acme' }, runner?.uuid ?? '');
          stage.world.advance(10 * MINUTE);
        },
        sentenceIn: failure('remove-job'),
      },
      'patch pods': {
        prepare: async (stage) => {
          await online(stage);
          await stage.tick();
          stage.world.advance(10 * MINUTE);
        },
        sentenceIn: failure('unprotect'),
      },
    };

    it('by a story for each', () => {
      expect(Object.keys(STORIES).toSorted()).toEqual(shippedRights('autoscaler'));
    });

    it.each(Object.entries(STORIES))('%s', async (right, { prepare, sentenceIn }) => {
      const stage = await openStage(cluster);
      await prepare(stage);
      await takeAway(cluster, stage.place, 'autoscaler', right);
      const [verb = '', resource = ''] = right.split(' ');
      const { namespace } = stage.place;
      expect(sentenceIn(await stage.tick())).toContain(
        `cannot ${verb} ${resource.split('.')[0]} in namespace "${namespace}": not allowed (403): ${right} in namespace "${namespace}" is missing; apply the Role of the runner namespace`,
      );
    });
  });

  it('reading logs is a matter of choice: the component pods-log gives the right', async () => {
    const place = await cluster.makeNamespace();
    const api = cluster.jobApiOf('autoscaler');
    expect(await api.stepInLog(place, 'any')).toBe('not-allowed');
    await cluster.setRules(place, autoscalerRules(), { verb: 'get', resource: 'pods/log', allowed: true });
    expect(await api.stepInLog(place, 'any')).toBe('none-seen');
  });

  describe('the report', () => {
    let stage: Stage;
    beforeEach(async () => {
      stage = await openStage(cluster, { min: 2 });
    });

    const plan = ({ world, place: { cluster: name, namespace } }: Stage, identity: ShippedIdentity) =>
      reconcile(
        {
          fleet: fleet([group({ min: 2, cluster: name, namespace })]),
          mode: 'plan',
          now: world.now,
          tickId: 'report',
          elapsedMs: () => 0,
        },
        { ...world.ports(), jobs: cluster.jobApiOf(identity) },
      );

    it('says with two rights what the autoscaler would do', async () => {
      await stage.tick();
      await stage.kubelet.settle();
      stage.world.bitbucket.remove({ workspace: 'acme' }, stage.registrations()[0]?.uuid ?? '');
      stage.world.advance(10 * MINUTE);
      const report = await plan(stage, 'readonly');
      // A Job takes a place until it is gone, whatever is said of its registration: its runner may still be there.
      expect(report.groups[0]?.plan.map(({ action }) => action)).toEqual(['remove-job']);
      expect(report.groups[0]?.problems).toEqual([]);
      expect({ ...report, tick: {} }).toEqual({ ...(await plan(stage, 'autoscaler')), tick: {} });
      const asked = cluster.audit(stage.place).events.filter(({ user }) => user.username === 'report');
      expect(asked.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}`).toSorted()).toEqual([
        'list jobs',
        'list pods',
      ]);
    });

    it.each(shippedRights('readonly'))('cannot do without: %s', async (right) => {
      await takeAway(cluster, stage.place, 'readonly', right);
      const report = await plan(stage, 'readonly');
      expect(report.groups[0]).toMatchObject({ decision: { action: 'hold' }, plan: [] });
      expect(report.groups[0]?.problems.join()).toContain(`not allowed (403): ${right} in namespace`);
    });
  });
});
