/**
 * From the environment and the configuration to ports: the only place that constructs clients. Clients are made when
 * they are first needed and kept for as long as the process lives, so that a warm function reuses connections, tokens
 * and texts; the configuration itself is read anew for every tick.
 */
import { type InspectedFleet, inspectFleet, type LoadDependencies, type LoadedFleet, loadFleet } from '#config/load.ts';
import type { CallBudget } from '#core/budget/call-budget.ts';
import { InputError } from '#core/errors.ts';
import type { ClusterSettings, Fleet } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Calls } from '#core/model/report.ts';
import type { PipelineApi, Ports, RunnerApi, StateStore } from '#core/ports.ts';
import { manifestsFromTemplates } from '#manifests/manifests.ts';
import { createBitbucketClient } from './bitbucket/client.ts';
import { createBitbucketPipelineApi } from './bitbucket/pipelines.ts';
import { createBitbucketRunnerApi } from './bitbucket/runners.ts';
import { keepBudgets } from './budget/by-credential.ts';
import { type Credential, loadCredential } from './credentials.ts';
import { startDeadline } from './deadline.ts';
import type { Environment } from './environment.ts';
import type { ClusterClient, ClusterClientOptions } from './kubernetes/cluster-client.ts';
import { createKubernetesJobApi } from './kubernetes/jobs.ts';
import { createRecent } from './recent.ts';
import { routeByWorkspace, routePipelines } from './route-by-workspace.ts';
import { readSource } from './source.ts';
import { type OpenDatabase, openStateStore } from './state/open.ts';

/** Everything a door needs of the outside. Each function may be called once per tick for as long as the process lives. */
export type Wiring = {
  /** The configuration as it is now. Throws `InputError` with all its problems, `ServiceError` when S3 or SSM fails. */
  readonly loadFleet: () => Promise<LoadedFleet>;
  /** As `loadFleet`, but what is wrong with the configuration is part of the answer. */
  readonly inspectFleet: () => Promise<InspectedFleet>;
  /** What `loadFleet` reads, and how, for a door that loads it in a way of its own. Throws `InputError` if none is named. */
  readonly configuration: () => { readonly source: string; readonly loading: LoadDependencies };
  /** The state store. Throws `InputError` when its name is wrong. */
  readonly openState: () => Promise<StateStore>;
  /**
   * The ports for a tick over this fleet. Throws `InputError` when the state store's name is wrong. A workspace or
   * cluster that cannot be reached is no error here: its own calls reject, and the others go on.
   */
  readonly openPorts: (fleet: Fleet) => Promise<Ports>;
  /** Calls since the process began. */
  readonly calls: () => Calls;
};

type KubeconfigSettings = Extract<ClusterSettings, { kind: 'kubeconfig' }>;

/** What needs a machine of one's own, with files that stay. A program that has none refuses it, with an `InputError`. */
export type LocalConnectors = {
  readonly connectKubeconfig: (settings: KubeconfigSettings, options: ClusterClientOptions) => Promise<ClusterClient>;
  readonly openDatabase: OpenDatabase;
};

/** Prepares everything and calls nobody yet. `now` is the clock by which credentials are read again. */
export function wire(environment: Environment, local: LocalConnectors, now: () => Instant = Date.now): Wiring {
  const counter = countCalls();
  const connections = keepConnections(environment, counter, now);
  const budgets = keepBudgets(
    { secretId: environment.bitbucketSecretId, fromEnvironment: environment.credential },
    now,
  );
  const clusterClient = keepClusterClients(counter, local);
  const loading: LoadDependencies = {
    readText: (source) => readSource(source, { onCall: counter.aws }),
    defaultCluster: defaultClusterOf(environment),
  };
  let state: Promise<StateStore> | undefined;
  const openState = () => {
    state ??= openStateStore(environment.stateStore, { openDatabase: local.openDatabase, onCall: counter.aws });
    return state;
  };
  return {
    calls: counter.total,
    loadFleet: async () => loadFleet(configSourceOf(environment), loading),
    inspectFleet: async () => inspectFleet(configSourceOf(environment), loading),
    configuration: () => ({ source: configSourceOf(environment), loading }),
    openState,
    openPorts: async (fleet) => {
      const budgetOf = budgets(fleet);
      const connectionOf = connections(fleet, budgetOf);
      return {
        runners: routeByWorkspace(async (workspace) => (await connectionOf(workspace)).runners),
        pipelines: routePipelines(async (workspace) => (await connectionOf(workspace)).pipelines),
        manifests: manifestsFromTemplates,
        jobs: createKubernetesJobApi({ clients: (cluster) => clusterClient(fleet, cluster) }),
        state: await openState(),
        deadline: startDeadline,
        calls: counter.total,
        budgetOf,
      };
    },
  };
}

function countCalls() {
  const total = { bitbucket: 0, kubernetes: 0, aws: 0 };
  const counting = (service: keyof Calls) => () => {
    total[service] += 1;
  };
  return {
    bitbucket: counting('bitbucket'),
    kubernetes: counting('kubernetes'),
    aws: counting('aws'),
    total: (): Calls => ({ ...total }),
  };
}

type Counter = ReturnType<typeof countCalls>;

function configSourceOf({ configSource }: Environment): string {
  if (configSource !== undefined) return configSource;
  throw new InputError(
    'No configuration is named; give --config SOURCE or set CONFIG_SOURCE to s3://bucket/key, ssm:/name or a file',
  );
}

function defaultClusterOf({ eksClusterName, kubeconfig }: Environment): ClusterSettings {
  if (eksClusterName !== undefined) return { kind: 'eks', name: eksClusterName };
  return { kind: 'kubeconfig', ...(kubeconfig === undefined ? {} : { path: kubeconfig }) };
}

/** Bitbucket's ports over one client. */
type Connection = { readonly runners: RunnerApi; readonly pipelines: PipelineApi };

/**
 * Clients by workspace. Credentials are asked for once per tick, however many calls need them; a client lives as long
 * as its credential is the same, for it holds the tokens that were made from it.
 */
function keepConnections(environment: Environment, counter: Counter, now: () => Instant) {
  const kept = new Map<string, { readonly credential: Credential; readonly connection: Connection }>();
  return (fleet: Fleet, budgetOf: (workspace: string) => CallBudget) => {
    const credentialOf = oncePerKey((secretId: string | undefined) =>
      loadCredential({ secretId, fromEnvironment: environment.credential, now: now(), onCall: counter.aws }),
    );
    return oncePerKey(async (workspace: string): Promise<Connection> => {
      const { api: surface = 'internal', secretId = environment.bitbucketSecretId } = fleet.workspaces[workspace] ?? {};
      const credential = await credentialOf(secretId);
      const key = `${surface} ${workspace}`;
      const known = kept.get(key);
      if (known?.credential === credential) return known.connection;
      const baseUrl = environment.bitbucketBaseUrl;
      const options = { baseUrl, credential, api: surface, onCall: counter.bitbucket, meter: budgetOf(workspace) };
      const client = createBitbucketClient(options);
      const connection = {
        runners: createBitbucketRunnerApi(options, client),
        pipelines: createBitbucketPipelineApi(client),
      };
      kept.set(key, { credential, connection });
      return connection;
    });
  };
}

function oncePerKey<Key, Value>(make: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const made = new Map<Key, Promise<Value>>();
  return (key) => {
    const value = made.get(key) ?? make(key);
    made.set(key, value);
    return value;
  };
}

/** Clients by what the configuration says of their cluster; the one that fails is made anew the next time. */
function keepClusterClients(counter: Counter, local: LocalConnectors) {
  const kept = createRecent<ClusterClient>();
  return (fleet: Fleet, cluster: string): Promise<ClusterClient> => {
    const settings = fleet.clusters[cluster];
    if (settings === undefined) {
      throw new InputError('it is not among the "clusters" of the configuration; define it there');
    }
    return kept(JSON.stringify(settings), () => connect(settings, counter, local));
  };
}

/**
 * The place where a way to reach clusters is added. The JobApi puts the cluster's name before what is thrown here.
 */
async function connect(
  settings: ClusterSettings,
  { kubernetes, aws }: Counter,
  { connectKubeconfig }: LocalConnectors,
): Promise<ClusterClient> {
  switch (settings.kind) {
    case 'kubeconfig':
      return await connectKubeconfig(settings, { onCall: kubernetes });
    case 'eks': {
      const { connectEks } = await import('./eks/connect.ts');
      return connectEks(settings, { onCall: kubernetes, onAwsCall: aws });
    }
  }
}
