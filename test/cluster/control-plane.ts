/**
 * A real Kubernetes control plane as three plain processes on free loopback ports: etcd, kube-apiserver and
 * kube-controller-manager. There is no scheduler and no node; `kubelet.ts` plays both.
 *
 *   await using plane = await startControlPlane();
 *   connectKubeconfig({ path: plane.kubeconfigs.autoscaler });
 *   await plane.stopApiServer();
 *   await plane.startApiServer();
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { send } from '#adapters/http/exchange.ts';
import { type ClusterEndpoint, httpRequest } from '#adapters/kubernetes/cluster-client.ts';
import { type ControlPlaneFiles, writeControlPlaneFiles, writeKubeconfig } from './control-plane-files.ts';
import { IDENTITIES, type IdentityName } from './identities.ts';
import { findAssets } from './prepare/assets.ts';
import { createSpawner, type Process } from './processes.ts';

/** All that is needed to use a control plane from another process: plain data. */
export type ControlPlaneAddress = {
  /** Such as `https://127.0.0.1:40123`. */
  readonly url: string;
  /** PEM. */
  readonly certificateAuthority: string;
  /** For temporary files; goes with the control plane. */
  readonly directory: string;
  /** Paths. */
  readonly kubeconfigs: Readonly<Record<IdentityName, string>>;
  /** Path of the audit log, one JSON document per line: every request but those of `admin`. */
  readonly auditLog: string;
};

/** A control plane that this process has started. */
export type ControlPlane = AsyncDisposable & {
  readonly address: ControlPlaneAddress;
  readonly kubeconfigs: ControlPlaneAddress['kubeconfigs'];
  /** Ends the API server, at once; etcd and the controllers stay. */
  stopApiServer(): Promise<void>;
  /** Starts it again, on the same port and with the same data, and waits until it is ready. */
  startApiServer(): Promise<void>;
  /** Of every process that was started. */
  pids(): readonly number[];
  /** Ends everything and removes every file. */
  stop(): Promise<void>;
};

export type ControlPlaneOptions = {
  /** Flags of the API server besides those of every test control plane; of two that are equal, these win. */
  readonly apiServerFlags?: readonly string[];
};

/** What the tests need of the controller manager; nodes' life cycle is not among it, as no real kubelet renews leases. */
const CONTROLLERS = [
  'job-controller',
  'ttl-after-finished-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'resourcequota-controller',
  'disruption-controller',
  'validatingadmissionpolicy-status-controller',
];

/** Against what hangs, never a measure of speed; less than what a hook may take, so that the log is shown. */
const READY_WITHIN_MS = 300_000;

/** Starts a control plane; some 4 seconds. Throws an Error with the end of the log of whatever did not start. */
export async function startControlPlane({ apiServerFlags = [] }: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const assets = findAssets(process.env);
  if (assets === undefined) throw new Error('there are no programs to start; run "npm run test:cluster"');
  const directory = mkdtempSync(join(tmpdir(), 'control-plane-'));
  const files = writeControlPlaneFiles(directory);
  const [etcdPort, peerPort, apiPort] = await freePorts();
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const url = `https://127.0.0.1:${apiPort}`;
  const kubeconfigs = writeKubeconfigs(directory, url, files);
  const address = {
    url,
    certificateAuthority: files.certificateAuthority,
    directory,
    kubeconfigs,
    auditLog: files.auditLog,
  };

  const endpoint: ClusterEndpoint = {
    server: url,
    headers: { authorization: `Bearer ${files.tokenOf.admin}` },
    tls: { ca: files.certificateAuthority },
  };

  const spawner = createSpawner(directory);
  let apiServer: Process | undefined;
  const startApiServer = async (): Promise<void> => {
    const flags = [...apiServerFlagsFor(files, directory, etcdUrl, apiPort), ...apiServerFlags];
    apiServer = spawner.start(join(assets, 'kube-apiserver'), flags);
    await untilAnswered('kube-apiserver', apiServer, endpoint, '/readyz');
  };
  try {
    spawner.start(join(assets, 'etcd'), etcdFlags(directory, etcdUrl, peerPort));
    await startApiServer();
    const manager = spawner.start(join(assets, 'kube-controller-manager'), controllerManagerFlags(kubeconfigs.admin));
    // Made by a controller, so controllers are at work.
    const accounts = '/api/v1/namespaces/default/serviceaccounts';
    await untilAnswered('kube-controller-manager', manager, endpoint, `${accounts}/default`);
  } catch (error) {
    await spawner.close();
    throw error;
  }
  return {
    address,
    kubeconfigs,
    startApiServer,
    stopApiServer: async () => apiServer?.kill(),
    pids: spawner.pids,
    stop: spawner.close,
    [Symbol.asyncDispose]: spawner.close,
  };
}

function writeKubeconfigs(
  directory: string,
  url: string,
  files: ControlPlaneFiles,
): ControlPlaneAddress['kubeconfigs'] {
  const cluster = { url, certificateAuthority: files.certificateAuthority };
  const names = Object.keys(IDENTITIES) as readonly IdentityName[];
  return Object.fromEntries(
    names.map((name) => [name, writeKubeconfig(directory, cluster, { token: files.tokenOf[name] })]),
  ) as Record<IdentityName, string>;
}

function etcdFlags(directory: string, url: string, peerPort: number): readonly string[] {
  const data = join(directory, 'etcd');
  mkdirSync(data, { mode: 0o700 });
  return [
    `--data-dir=${data}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    '--unsafe-no-fsync',
  ];
}

function apiServerFlagsFor(
  files: ControlPlaneFiles,
  directory: string,
  etcdUrl: string,
  port: number,
): readonly string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${directory}`,
    `--tls-cert-file=${files.servingCertificate}`,
    `--tls-private-key-file=${files.servingKey}`,
    `--token-auth-file=${files.tokens}`,
    '--authorization-mode=RBAC',
    // Docker in a runner's pod needs it, and EKS has it.
    '--allow-privileged=true',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    // There is nobody to reach the service "kubernetes" from inside.
    '--endpoint-reconciler-type=none',
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${files.auditLog}`,
    '--profiling=false',
  ];
}

function controllerManagerFlags(kubeconfig: string): readonly string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--controllers=${CONTROLLERS.join(',')}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    '--concurrent-job-syncs=20',
  ];
}

async function untilAnswered(name: string, process: Process, endpoint: ClusterEndpoint, path: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const answer = await send(httpRequest(endpoint, { method: 'GET', path }), AbortSignal.timeout(2_000));
    if (answer.kind === 'answer' && answer.status === 200) return;
    if (process.ended || Date.now() > deadline) throw new Error(`${name} did not become ready:\n${process.tail()}`);
    await pause(50);
  }
}

/** Ports that are free now: taken together, so that they differ, and given back. */
async function freePorts(): Promise<readonly [number, number, number]> {
  const servers = [await listen(), await listen(), await listen()] as const;
  const portOf = (server: Server) => (server.address() as AddressInfo).port;
  const [first, second, third] = servers;
  const ports = [portOf(first), portOf(second), portOf(third)] as const;
  for (const server of servers) server.close();
  return ports;
}

/** Listens below the ports that the system gives to whoever asks for any, so that no other program takes one given back. */
async function listen(): Promise<Server> {
  for (;;) {
    const server = createServer().listen(randomInt(20_000, 32_000), '127.0.0.1');
    const outcome = await once(server, 'listening').catch(() => 'taken');
    if (outcome !== 'taken') return server;
  }
}
