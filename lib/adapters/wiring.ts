/**
 * From the environment and the configuration to ports: the only place that constructs clients. Clients are made when
 * they are first needed and kept for as long as the process lives, so that a warm function reuses connections, tokens
 * and texts; the configuration itself is read anew for every tick.
 */
import { inspectFleet, type LoadDependencies, loadFleet } from '#config/load.ts';
import type { CallBudget } from '#core/budget/call-budget.ts';
import { InputError, type ServiceError } from '#core/errors.ts';
import type { ClusterSettings, Fleet, Scope } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Calls, Mode } from '#core/model/report.ts';
import type { PipelineApi, Ports, Reach, RunnerApi, StateStore } from '#core/ports.ts';
import { manifestsFromTemplates } from '#manifests/render.ts';
import { createBitbucketClient } from './bitbucket/client.ts';
import { createGate, type Gate } from './bitbucket/first-call.ts';
import type { FileReading } from './bitbucket/pipeline-reader.ts';
import { createBitbucketPipelineApi } from './bitbucket/pipelines.ts';
import { createBitbucketRunnerApi } from './bitbucket/runners.ts';
import { rememberStopped } from './bitbucket/stopped-files.ts';
import type { ReadPipelines } from './bitbucket/yaml-box.ts';
import { keepBudgets } from './budget/by-credential.ts';
import { type Credential, keptNotes, loadCredential, refusalOf } from './credentials.ts';
import { startDeadline } from './deadline.ts';
import type { Environment } from './environment.ts';
import { jsonRequest, send } from './http/exchange.ts';
import type { ClusterClient, ClusterClientOptions } from './kubernetes/cluster-client.ts';
import { createKubernetesJobApi } from './kubernetes/jobs.ts';
import { createRecent } from './recent.ts';
import { readSource } from './source.ts';
import { type OpenDatabase, openStateStore } from './state/open.ts';

/** Everything a door needs of the outside; each function may be called again and again. */
export type Wiring = ReturnType<typeof wire>;

/** What needs a machine of one's own, with files that stay. A program that has none refuses it, with an `InputError`. */
export type LocalConnectors = {
  readonly connectKubeconfig: (
    settings: ClusterSettings & { readonly kind: 'kubeconfig' },
    options: ClusterClientOptions,
  ) => Promise<ClusterClient>;
  readonly openDatabase: OpenDatabase;
};

/** For the doctor's first question, which is asked once. */
const KNOCK_TIMEOUT_MS = 10_000;

/** Asks for an address once, without a credential. */
function ring(url: string) {
  return send(jsonRequest({ method: 'GET', url, headers: {} }, undefined), AbortSignal.timeout(KNOCK_TIMEOUT_MS));
}

/** Prepares everything and calls nobody yet. `now`: by which credentials are read again. */
export function wire(environment: Environment, local: LocalConnectors, now: () => Instant = Date.now) {
  const counter = countCalls();
  const { bitbucketSecretId: secretId, credential: fromEnvironment, eksClusterName, kubeconfig } = environment;
  const budgets = keepBudgets({ secretId, fromEnvironment }, now);
  const clusterClient = keepClusterClients(counter, local);
  const loading: LoadDependencies = {
    readText: (source) => readSource(source, { onCall: counter.aws }),
    defaultCluster:
      eksClusterName === undefined ? { kind: 'kubeconfig', path: kubeconfig } : { kind: 'eks', name: eksClusterName },
  };
  let state: Promise<StateStore> | undefined;
  const openState = (): Promise<StateStore> => {
    state ??= openStateStore(environment.stateStore, { openDatabase: local.openDatabase, onCall: counter.aws });
    return state;
  };
  let mode: Mode = 'plan';
  const stopped = rememberStopped({ openState, now, mayKeep: () => mode === 'apply' });
  const connections = keepConnections(environment, counter, { parse: inYamlBox(), stopped }, now);
  return {
    /** Calls since the process began. */
    calls: counter.total,
    /** The configuration as it is now. Throws `InputError` with all its problems, `ServiceError` when S3 or SSM fails. */
    loadFleet: async () => loadFleet(configSourceOf(environment), loading),
    /** As `loadFleet`, but what is wrong with the configuration is part of the answer. */
    inspectFleet: async () => inspectFleet(configSourceOf(environment), loading),
    /** What `loadFleet` reads, and how, for a door that loads it in its own way. Throws `InputError` if none is named. */
    configuration: () => ({ source: configSourceOf(environment), loading }),
    /** Throws `InputError` when the name of the state store is wrong. */
    openState,
    /** For a doctor, who looks at what ports hide: answers' headers, and objects of a cluster that no tick reads. */
    instruments: () => {
      const { bitbucketBaseUrl: bitbucketUrl, configSource: source = 'none', stateStore } = environment;
      return {
        now,
        source,
        inspectFleet: async () => inspectFleet(configSourceOf(environment), loading),
        defaultSecretId: secretId,
        credential: (id: string | undefined) => loadCredential({ secretId: id, fromEnvironment, onCall: counter.aws }),
        bitbucket: (credential: Credential) =>
          createBitbucketClient({ baseUrl: bitbucketUrl, credential, onCall: counter.bitbucket }),
        bitbucketUrl,
        knock: () => {
          counter.bitbucket();
          return ring(`${bitbucketUrl}/2.0/hook_events`);
        },
        wakeUrl: environment.wakeUrl,
        ring,
        webhookSecret: async () => (await import('./wake/webhook-secret.ts')).readWebhookSecret(environment),
        cluster: clusterClient,
        bitbucketCalls: () => counter.total().bitbucket,
        stateStore,
        openState,
        cloudWatchUrl: environment.cloudWatchUrl,
      };
    },
    /** What a tick's report has to say of the credentials that this fleet uses. */
    credentialNotes: (fleet: Fleet) => keptNotes(secretsOf(fleet, environment)),
    /**
     * The ports for a tick over this fleet. Throws `InputError` when the state store's name is wrong. A workspace or
     * cluster that cannot be reached is no error here: its own calls reject, and the others go on. Ports for a dry run
     * (`plan`) save nothing by themselves.
     */
    openPorts: async (fleet: Fleet, forMode: Mode = 'plan'): Promise<Ports> => {
      mode = forMode;
      let reached: Reach = fleet;
      const budgetOf = (workspace: string) => budgets(reached)(workspace);
      return {
        ...routeByWorkspace(connections(() => reached, budgetOf)),
        manifests: manifestsFromTemplates,
        jobs: createKubernetesJobApi({ clients: (cluster) => clusterClient(reached, cluster) }),
        reach: (all) => {
          reached = all;
        },
        state: await openState(),
        deadline: startDeadline,
        calls: counter.total,
        budgetOf,
      };
    },
  };
}

/** The secrets that hold the credentials of the fleet's workspaces. */
export function secretsOf({ workspaces }: Fleet, { bitbucketSecretId }: Environment): readonly string[] {
  const secrets = Object.values(workspaces).map(({ secretId }) => secretId ?? bitbucketSecretId);
  return [...new Set(secrets.filter((secret) => secret !== undefined))];
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

/** Bitbucket's ports, over one client or over those of all workspaces. */
type Connection = { readonly runners: RunnerApi; readonly pipelines: PipelineApi };

/**
 * Ports that send every call to the client of its workspace. When a client cannot be had, such as for want of a
 * credential, the calls for its workspace reject with that error, and those for other workspaces go on.
 */
function routeByWorkspace(connectionOf: (workspace: string) => Promise<Connection>): Connection {
  const runners = async ({ workspace }: Scope) => (await connectionOf(workspace)).runners;
  const pipelines = async (workspace: string) => (await connectionOf(workspace)).pipelines;
  return {
    runners: {
      list: async (scope, known) => (await runners(scope)).list(scope, known),
      get: async (scope, uuid) => (await runners(scope)).get(scope, uuid),
      identify: async (scope) => (await runners(scope)).identify(scope),
      register: async (scope, runner) => (await runners(scope)).register(scope, runner),
      disable: async (scope, uuid) => (await runners(scope)).disable(scope, uuid),
      enable: async (scope, uuid) => (await runners(scope)).enable(scope, uuid),
      remove: async (scope, uuid) => (await runners(scope)).remove(scope, uuid),
    },
    pipelines: {
      recentRepositories: async (workspace, query) => (await pipelines(workspace)).recentRepositories(workspace, query),
      openPipelines: async (scope) => (await pipelines(scope.workspace)).openPipelines(scope),
      waitingSteps: async (scope, pipeline) => (await pipelines(scope.workspace)).waitingSteps(scope, pipeline),
    },
  };
}

/**
 * Clients by workspace. Credentials are asked for once per tick, however many calls need them; a client lives as long
 * as its credential is the same, for it holds the tokens that were made from it.
 */
function keepConnections(environment: Environment, counter: Counter, reading: FileReading, now: () => Instant) {
  const kept = new Map<string, { readonly credential: Credential; readonly connection: Connection }>();
  const gates = new Map<string | undefined, Gate>();
  return (reached: () => Reach, budgetOf: (workspace: string) => CallBudget) => {
    for (const gate of gates.values()) gate.reopen();
    const credentialOf = oncePerKey((secretId: string | undefined) =>
      loadCredential({ secretId, fromEnvironment: environment.credential, now: now(), onCall: counter.aws }),
    );
    return oncePerKey(async (workspace: string): Promise<Connection> => {
      const { api: surface = 'internal', secretId = environment.bitbucketSecretId } =
        reached().workspaces[workspace] ?? {};
      const credential = await credentialOf(secretId);
      const key = `${surface} ${workspace}`;
      const known = kept.get(key);
      if (known?.credential === credential) return known.connection;
      const { bitbucketBaseUrl: baseUrl } = environment;
      const refused = (error: ServiceError) => refusalOf({ secretId, credential, error });
      const gate = gates.get(secretId) ?? createGate();
      gates.set(secretId, gate);
      const call = { onCall: counter.bitbucket, meter: budgetOf(workspace), gate };
      const options = { baseUrl, credential, refused, api: surface, ...call };
      const client = createBitbucketClient(options);
      const runners = createBitbucketRunnerApi(options, client);
      const connection = { runners, pipelines: createBitbucketPipelineApi(client, reading) };
      kept.set(key, { credential, connection });
      return connection;
    });
  };
}

/** The box for other people's YAML, which few ticks need. */
function inYamlBox(): ReadPipelines {
  let box: Promise<ReadPipelines> | undefined;
  return async (text) => {
    box ??= import('./bitbucket/yaml-box.ts').then(({ createYamlBox }) => createYamlBox());
    return (await box)(text);
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
  return ({ clusters }: Reach, cluster: string): Promise<ClusterClient> => {
    const settings = clusters[cluster];
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
