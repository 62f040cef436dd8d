/**
 * Faults planted in a real cluster, one row each: the doctor finds it, says what to do, and finds nothing else. Whoever
 * runs it may look at everything, and asks what the group of the autoscaler may do.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFault, expectHealth, type Finding, visit } from '../doctor/visit.ts';
import { runCommand } from '../doors/command.ts';
import { type DoorsWorld, startDoorsWorld } from '../doors/world.ts';
import { type Cluster, eventually, useCluster } from './cluster.ts';
import type { IdentityName } from './identities.ts';
import { forbidPrivilegedJobs, limitObjects } from './policies.ts';
import { takeAway } from './rights.ts';
import { autoscalerRules } from './runner-namespace.ts';

let cluster: Cluster;
let world: DoorsWorld;

beforeAll(async () => {
  cluster = useCluster();
  world = await startDoorsWorld();
});

afterAll(async () => {
  await cluster.admin.request('DELETE', '/api/v1/nodes', { query: { labelSelector: 'doctor=test' } });
  await world.close();
});

/** A namespace with the shipped rights, and a node of its own by a label. */
async function openPlace(node: object = {}) {
  const place = await cluster.makeNamespace();
  await addNode(place.namespace, node);
  return place;
}

async function addNode(name: string, over: NodeOver = {}): Promise<void> {
  const { labels = {}, taints = [], memory = '32Gi' } = over;
  const body = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/arch': 'amd64', 'kubernetes.io/os': 'linux', doctor: 'test', pool: name, ...labels },
    },
  };
  const contentType = 'application/merge-patch+json';
  await cluster.admin.request('POST', '/api/v1/nodes', { body });
  // The API server marks every new node as not ready.
  await cluster.admin.request('PATCH', `/api/v1/nodes/${name}`, { body: { spec: { taints } }, contentType });
  const status = { capacity: { cpu: '8', memory, pods: '100' }, allocatable: { cpu: '8', memory, pods: '100' } };
  await cluster.admin.request('PATCH', `/api/v1/nodes/${name}/status`, {
    body: { status },
    contentType,
  });
}

type NodeOver = { readonly labels?: object; readonly taints?: readonly object[]; readonly memory?: string };

type Setting = { readonly lines?: string; readonly head?: string; readonly namespace?: string };

/** What the command runs with: a group in the namespace, whose runners go to the namespace's own node. */
async function environmentFor(
  { namespace }: { readonly namespace: string },
  { lines = '', head = '', namespace: other = namespace }: Setting = {},
  identity: IdentityName = 'admin',
) {
  const selector = lines.includes('nodeSelector') ? '' : `nodeSelector: { pool: ${namespace} }, `;
  const config = `${head}groups:\n  - { name: builds, workspace: acme, labels: [large], namespace: ${other}, strategy: idleBuffer, parameters: { min: 1, max: 4, idleCount: 1, scaleFactor: 1 }, ${selector}${lines} }\n`;
  const name = `${namespace}.yaml`;
  await world.write(name, config);
  return { ...world.environment, CONFIG_SOURCE: world.path(name), KUBECONFIG: cluster.address.kubeconfigs[identity] };
}

type Place = { readonly cluster: string; readonly namespace: string };

type Row = {
  readonly fault: string;
  readonly setting?: Setting;
  readonly node?: NodeOver;
  readonly plant?: (place: Place) => Promise<unknown>;
  readonly found: Finding;
};

const limitRange = (limits: object) => (place: Place) =>
  cluster.admin.request('POST', `/api/v1/namespaces/${place.namespace}/limitranges`, {
    body: { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'bounds' }, spec: { limits: [limits] } },
  });

const label = (labels: object) => (place: Place) =>
  cluster.admin.request('PATCH', `/api/v1/namespaces/${place.namespace}`, {
    body: { metadata: { labels } },
    contentType: 'application/merge-patch+json',
  });

const quota = (hard: Readonly<Record<string, string>>) => (place: Place) => limitObjects(cluster, place, hard);

const ROWS: readonly Row[] = [
  {
    fault: 'a namespace that does not exist',
    setting: { namespace: 'nowhere' },
    found: ['namespace', /does not exist/, /kubectl apply -k infra\/kubernetes/],
  },
  ...['create jobs.batch', 'list jobs.batch', 'delete jobs.batch', 'create secrets', 'list pods', 'patch pods'].map(
    (right): Row => ({
      fault: `the right to ${right} is missing`,
      plant: (place) => takeAway(cluster, place, 'autoscaler', right),
      found: ['rights', new RegExp(`the group bitbucket-runner-autoscaler lacks: ${right}$`), /infra\/kubernetes/],
    }),
  ),
  {
    fault: 'a quota with room for fewer Jobs than max',
    plant: quota({ 'count/jobs.batch': '3' }),
    found: ['quota', /allows 3 of count\/jobs\.batch, and max of the groups together is 4/, /raise the quota/],
  },
  {
    fault: 'a quota with room for fewer pods than max',
    plant: quota({ pods: '2' }),
    found: ['quota', /allows 2 of pods/, /raise the quota/],
  },
  {
    fault: 'a quota of memory that max does not fit into',
    plant: quota({ 'requests.memory': '8Gi' }),
    found: ['quota', /allows 8Gi of requests\.memory, and max of the groups takes/, /lower max/],
  },
  {
    fault: 'a node without the label',
    setting: { lines: 'nodeSelector: { disk: ssd }' },
    found: ['nodes', /without the label disk=ssd/, /nodeSelector/],
  },
  {
    fault: 'a node with a taint',
    node: { taints: [{ key: 'dedicated', value: 'ci', effect: 'NoSchedule' }] },
    found: ['nodes', /with the taint dedicated=ci, which is not tolerated/, /tolerations/],
  },
  {
    fault: 'a node of another architecture',
    node: { labels: { 'kubernetes.io/arch': 'arm64' } },
    found: ['nodes', /without the label kubernetes\.io\/arch=amd64/, /architecture/],
  },
  { fault: 'a node that is too small', node: { memory: '2Gi' }, found: ['nodes', /too little memory/, /size/] },
];

/** What the API server's own dry run shows as well as a check of ours: both are told. */
const TOLD_TWICE: readonly (Omit<Row, 'found'> & { readonly found: readonly Finding[] })[] = [
  {
    fault: 'a Pod Security level that forbids privileged containers',
    plant: label({ 'pod-security.kubernetes.io/enforce': 'baseline' }),
    found: [
      ['pod-security', /level baseline refuses the privileged container of builds/, /to privileged/],
      ['pod-dry-run', /violates PodSecurity "baseline/, /./],
    ],
  },
  {
    fault: 'a quota on limits that a container does not set',
    plant: quota({ 'limits.cpu': '100' }),
    found: [
      ['quota', /counts limits\.cpu, and these containers set none/, /LimitRange with defaults/],
      ['pod-dry-run', /must specify limits\.cpu/, /./],
    ],
  },
  {
    fault: 'a LimitRange that allows less',
    plant: limitRange({ type: 'Container', max: { memory: '2Gi' } }),
    found: [
      [
        'limit-range',
        /container docker of builds takes 4Gi of memory, and at most 2Gi is allowed/,
        /size or resources/,
      ],
      ['pod-dry-run', /maximum memory usage per Container is 2Gi/, /./],
    ],
  },
  {
    fault: 'a LimitRange that wants more',
    plant: limitRange({ type: 'Container', min: { memory: '600Mi' } }),
    found: [
      [
        'limit-range',
        /container runner of builds asks for 512Mi of memory, and at least 600Mi is wanted/,
        /runnerResources/,
      ],
      ['pod-dry-run', /minimum memory usage per Container is 600Mi/, /./],
    ],
  },
  {
    fault: 'a LimitRange for whole pods',
    plant: limitRange({ type: 'Pod', max: { memory: '3Gi' } }),
    found: [
      ['limit-range', /the pod of builds takes .*Gi of memory, and at most 3Gi is allowed/, /./],
      ['pod-dry-run', /maximum memory usage per Pod is 3Gi/, /./],
    ],
  },
  {
    fault: 'a service account that does not exist',
    setting: { lines: 'serviceAccountName: builder' },
    found: [['pod-dry-run', /serviceaccount "builder" not found/, /./]],
  },
  {
    fault: 'a priority class that does not exist',
    setting: { lines: 'priorityClassName: urgent' },
    found: [['pod-dry-run', /no PriorityClass with name urgent was found/, /./]],
  },
  {
    fault: 'a field that Kubernetes does not know',
    setting: { lines: 'jobTemplate: own', head: templateWith('backofLimit: 1') },
    found: [['job-dry-run', /unknown field "spec\.backofLimit"/, /correct the Job template/]],
  },
];

function templateWith(line: string): string {
  return `jobTemplates:
  own:
    inline: |
      apiVersion: batch/v1
      kind: Job
      metadata: { name: "runner-{{runnerUuid}}" }
      spec:
        ${line}
        template:
          spec:
            restartPolicy: OnFailure
            containers:
              - name: runner
                image: example.com/runner:1.0.0
                env:
                  - { name: RUNNER_UUID, value: "{{{runnerUuid}}}" }
                  - { name: ACCOUNT_UUID, value: "{{{accountUuid}}}" }
`;
}

describe('a planted fault is found, and nothing else', () => {
  it.each(ROWS)('$fault', async ({ setting, node, plant = async () => undefined, found }) => {
    const place = await openPlace(node);
    await plant(place);
    await expectFault(await environmentFor(place, setting), found);
  });

  it.each(TOLD_TWICE)('$fault', async ({ setting, node, plant = async () => undefined, found }) => {
    const place = await openPlace(node);
    await plant(place);
    const { failed } = await visit(await environmentFor(place, setting));
    expect(failed).toEqual(
      found.map(([id, detail, next]) =>
        expect.objectContaining({ id, detail: expect.stringMatching(detail), next: expect.stringMatching(next) }),
      ),
    );
  });

  it('a policy that forbids the Job', async () => {
    const place = await openPlace();
    await forbidPrivilegedJobs(cluster, place);
    const environment = await environmentFor(place);
    await eventually(() =>
      expectFault(environment, ['job-dry-run', /ValidatingAdmissionPolicy/, /change the template/]),
    );
  });

  it('a namespace that is being deleted', async () => {
    const place = await openPlace();
    const finalizers = ['example.com/stays'];
    await cluster.create(place, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'stays', namespace: place.namespace, finalizers },
    });
    await cluster.admin.request('DELETE', `/api/v1/namespaces/${place.namespace}`);
    const { failed } = await visit(await environmentFor(place));
    expect(failed[0]).toMatchObject({ id: 'namespace', detail: 'it is being deleted' });
  });

  it('a cluster that does not know us', async () => {
    const place = await openPlace();
    const environment = await environmentFor(place);
    const KUBECONFIG = cluster.kubeconfigWith({ token: 'expired' });
    await expectFault({ ...environment, KUBECONFIG }, ['cluster', /not accepted \(401\)/, /log in again/]);
  });

  it('somebody without any right', async () => {
    const place = await openPlace();
    const found: Finding = ['rights', /^stranger lacks: create jobs\.batch, list jobs/, /stranger is in the group/];
    await expectFault(await environmentFor(place, {}, 'stranger'), found);
  });
});

describe('where nothing is wrong', () => {
  it('finds nothing, and looks at everything, for whoever may', async () => {
    const place = await openPlace();
    await cluster.setRules(place, autoscalerRules(), { verb: 'get', resource: 'pods/log', allowed: true });
    const { checks } = await expectHealth(await environmentFor(place));
    const seen = checks.filter(({ outcome }) => outcome === 'skipped').map(({ id }) => id);
    // No probe was made, and no tick; only EKS is known to encrypt its Secrets.
    expect(seen).toEqual(['probe', 'encryption', 'ticks', 'starts']);
    expect(checks.find(({ id }) => id === 'pods-log')?.detail).toContain("runners' own logs");
  });

  it('finds nothing for the autoscaler itself, and says at what it may not look', async () => {
    const place = await openPlace();
    const { checks } = await expectHealth(await environmentFor(place, {}, 'autoscaler'));
    const unseen = checks.filter(({ detail }) => detail === 'not allowed to look').map(({ id }) => id);
    expect(unseen).toEqual(['namespace', 'pod-security', 'quota', 'limit-range', 'pod-dry-run', 'nodes']);
    expect(checks.find(({ id }) => id === 'rights')?.detail).toBe('autoscaler has all');
    expect(checks.find(({ id }) => id === 'pods-log')?.detail).toContain('drainGrace');
  });

  it('finds nothing in a namespace with quotas and a LimitRange that leave room', async () => {
    const place = await openPlace();
    await limitRange({ type: 'Container', default: { cpu: '4', memory: '8Gi' }, defaultRequest: { cpu: '100m' } })(
      place,
    );
    await quota({ 'limits.cpu': '100', 'requests.memory': '100Gi', 'count/jobs.batch': '10' })(place);
    await label({ 'pod-security.kubernetes.io/enforce': 'privileged' })(place);
    await expectHealth(await environmentFor(place));
  });

  it('leaves nothing in the cluster', async () => {
    const place = await openPlace();
    await expectHealth(await environmentFor(place, {}, 'autoscaler'));
    expect(await cluster.names(place, 'jobs')).toEqual([]);
    expect(await cluster.names(place, 'pods')).toEqual([]);
    expect(await cluster.names(place, 'secrets')).toEqual([]);
  });
});

describe('plan', () => {
  const notesOf = async (environment: Readonly<Record<string, string>>) => {
    const { code, stdout } = await runCommand(['plan', '--json'], environment);
    const { notes } = JSON.parse(stdout);
    return { code, notes };
  };

  it('says nothing where runners can be added', async () => {
    const place = await openPlace();
    expect(await notesOf(await environmentFor(place))).toEqual({ code: 0, notes: [] });
  });

  it('says that a namespace is missing', async () => {
    const place = await openPlace();
    expect(await notesOf(await environmentFor(place, { namespace: 'nowhere' }))).toEqual({
      code: 0,
      notes: [
        expect.stringMatching(
          /^Adding runners of builds would fail \(Namespace, nowhere of default\): it does not exist; create it/,
        ),
      ],
    });
  });

  it('says that a right is missing', async () => {
    const place = await openPlace();
    await takeAway(cluster, place, 'autoscaler', 'create secrets');
    const found =
      /\(Rights, .*\): the group bitbucket-runner-autoscaler lacks: create secrets; apply infra\/kubernetes/;
    expect((await notesOf(await environmentFor(place))).notes).toEqual([expect.stringMatching(found)]);
  });
});
