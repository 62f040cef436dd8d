/**
 * Atlassian's files, converted by `migrate` and with their placeholders filled in, scale as everything else does: read
 * by the loader, through the shipped wiring, against a Bitbucket over HTTP and a real API server.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnvironment } from '#adapters/environment.ts';
import { localConnectors } from '#adapters/local.ts';
import { wire } from '#adapters/wiring.ts';
import type { Scope } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import type { Namespace } from '#core/ports.ts';
import { reconcile } from '#core/reconcile.ts';
import { bareUuid } from '#core/uuid.ts';
import { type LoopbackBitbucket, startLoopbackBitbucket } from '#kit/loopback-bitbucket.ts';
import { jobName, RUNNER_LABEL, secretName } from '#manifests/naming.ts';
import { type Migration, type MigrationOptions, migrate } from '#tools/migrate/migrate.ts';
import type { SourceFile } from '#tools/migrate/source-files.ts';
import { GUIDE, KUSTOMIZE } from '../tools/migrate/samples.ts';
import { type Cluster, eventually, useCluster } from './cluster.ts';
import { startKubelet } from './kubelet.ts';
import { runs } from './pod-status.ts';

const MINUTE = 60_000;
/** What every node of the architecture has. */
const COMMON = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };

let cluster: Cluster;
let place: Namespace;
let bitbucket: LoopbackBitbucket;

beforeEach(async () => {
  cluster = useCluster();
  place = await cluster.makeNamespace();
  bitbucket = await startLoopbackBitbucket({ workspaces: { acme: ['app'] } });
});
afterEach(() => bitbucket.close());

type Story = {
  readonly name: string;
  readonly files: readonly SourceFile[];
  readonly options?: MigrationOptions;
  readonly scope: Scope;
  /** Of the nodes that its pods ask for. */
  readonly labels: Readonly<Record<string, string>>;
};

const CUSTOMER = { customer: 'shared' };
const STORIES: readonly Story[] = [
  {
    name: 'the guide’s two ConfigMaps',
    files: GUIDE,
    scope: { workspace: 'acme', repository: 'app' },
    labels: CUSTOMER,
  },
  {
    name: 'the guide’s two ConfigMaps, with the built-in template',
    files: GUIDE,
    options: { builtIn: true },
    scope: { workspace: 'acme', repository: 'app' },
    labels: { ...COMMON, ...CUSTOMER },
  },
  { name: 'the files of 3.x', files: KUSTOMIZE, scope: { workspace: 'acme' }, labels: {} },
  {
    name: 'the files of 3.x, with the built-in template',
    files: KUSTOMIZE,
    options: { builtIn: true },
    scope: { workspace: 'acme' },
    labels: COMMON,
  },
];

/** What the user does next: put in the uuids, and say where the runners shall run. Gives the configuration's path. */
function fillIn({ files, problems }: Migration): string {
  expect(problems).toEqual([]);
  const directory = mkdtempSync(join(cluster.address.directory, 'migrated-'));
  const filled = (text: string) =>
    text
      .replaceAll(/workspace: "(my guid|\{workspace_uuid\})"/g, `workspace: "${bitbucket.uuidOf('acme')}"`)
      .replaceAll('repository: "my guid"', `repository: "${bitbucket.uuidOf('acme/app')}"`)
      .replaceAll(/namespace: "(runners|default)"/g, `namespace: "${place.namespace}"`);
  for (const { name, text } of files) writeFileSync(join(directory, name), filled(text));
  return join(directory, 'runners_config.yaml');
}

/** The migrated configuration as the program reads it, and nodes on which its pods come to life. */
async function openMigrated({ files, options, scope }: Story, labels: Readonly<Record<string, string>>) {
  const wiring = wire(
    readEnvironment({
      CONFIG_SOURCE: fillIn(await migrate(files, options)),
      BITBUCKET_BASE_URL: bitbucket.url,
      ATLASSIAN_ACCOUNT_EMAIL: 'ci@acme.example',
      ATLASSIAN_API_TOKEN: 'token',
      KUBECONFIG: cluster.address.kubeconfigs.autoscaler,
    }),
    localConnectors(() => undefined),
  );
  const environments: Readonly<Record<string, string>>[] = [];
  const kubelet = await startKubelet(cluster, place, {
    fateOf: () => runs,
    labels,
    onStart: (environment) => {
      environments.push(environment);
      bitbucket.runner(scope, environment.RUNNER_UUID ?? '').status = 'ONLINE';
    },
  });
  let now = Date.now();
  return {
    environments,
    runners: () => bitbucket.runners(scope),
    setSteps: (step: object | null) => {
      for (const runner of bitbucket.runners(scope)) runner.step = step;
    },
    tickAfter: async (ms: number): Promise<Report> => {
      now += ms;
      const { fleet } = await wiring.loadFleet();
      const ports = await wiring.openPorts(fleet);
      const report = await reconcile({ fleet, mode: 'apply', now, tickId: `${now}`, elapsedMs: () => 0 }, ports);
      await kubelet.settle();
      return report;
    },
    /** Exactly the Jobs, Secrets and pods of these runners are there. */
    expectOnly: async (uuids: readonly string[]): Promise<void> => {
      await eventually(async () => {
        await kubelet.pass();
        expect(await cluster.names(place, 'jobs')).toEqual(uuids.map(jobName).toSorted());
        expect(await cluster.names(place, 'secrets')).toEqual(uuids.map(secretName).toSorted());
        const pods = (await cluster.objects(place, 'pods')).map(({ metadata }) => metadata.labels?.[RUNNER_LABEL]);
        expect(pods.toSorted()).toEqual(uuids.map(bareUuid).toSorted());
      });
    },
  };
}

const uuidsOf = (runners: readonly { readonly uuid: string }[]) => runners.map(({ uuid }) => uuid);
const failures = ({ groups, problems }: Report) => [
  ...problems,
  ...groups.flatMap((group) => [
    ...group.problems,
    ...group.outcomes.flatMap(({ error }) => (error === undefined ? [] : [error])),
  ]),
];

describe.each(STORIES)('$name', (story) => {
  it('grow with the work and shrink after it, and nothing is left over', async () => {
    const { runners, setSteps, tickAfter, expectOnly, environments } = await openMigrated(story, story.labels);
    const grown: number[] = [];
    for (let tick = 0; tick < 4; tick += 1) {
      expect(failures(await tickAfter(MINUTE))).toEqual([]);
      expect(runners().every(({ status }) => status === 'ONLINE')).toBe(true);
      grown.push(runners().length);
      setSteps({ uuid: '{step}' });
    }
    expect(grown).toEqual([1, 2, 3, 5]);
    await expectOnly(uuidsOf(runners()));
    expect(environments).toHaveLength(5);
    for (const environment of environments) {
      expect(environment).toMatchObject({
        ACCOUNT_UUID: bitbucket.uuidOf('acme'),
        OAUTH_CLIENT_ID: expect.stringMatching(/^client-/),
        OAUTH_CLIENT_SECRET: expect.stringMatching(/^secret-/),
      });
      const repository = story.scope.repository === undefined ? undefined : bitbucket.uuidOf('acme/app');
      expect(environment.REPOSITORY_UUID).toBe(repository);
    }

    setSteps(null);
    const counts: number[] = [];
    for (let minute = 1; minute <= 20; minute += 1) {
      expect(failures(await tickAfter(MINUTE))).toEqual([]);
      counts.push(runners().length);
    }
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(runners()).toMatchObject([{ status: 'ONLINE' }]);
    await expectOnly(uuidsOf(runners()));
  });
});

describe.each(STORIES.filter(({ labels }) => 'customer' in labels))('$name', (story) => {
  it('wait for a node with the label', async () => {
    const { tickAfter, runners } = await openMigrated(story, COMMON);
    await tickAfter(MINUTE);
    const { groups } = await tickAfter(MINUTE);
    expect(runners()).toMatchObject([{ status: 'UNREGISTERED' }]);
    const asked = story.options?.builtIn ? 'no node has customer=shared and room' : 'no node takes the pod';
    expect(groups[0]?.troubles.map(({ text }) => text)).toEqual([
      `1 starting runner: ${asked}: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector; add nodes, or change nodeSelector, tolerations or size`,
    ]);
  });
});
