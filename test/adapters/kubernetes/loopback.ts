/** A loopback server and a client for it whose waits take no time, for tests of the adapter. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterClient, ClusterClientOptions } from '#adapters/kubernetes/cluster-client.ts';
import { connectKubeconfig } from '#adapters/kubernetes/kubeconfig.ts';
import {
  type LoopbackKubernetes,
  type LoopbackKubernetesOptions,
  startLoopbackKubernetes,
} from '#kit/loopback-kubernetes.ts';

export type Loopback = AsyncDisposable & {
  readonly server: LoopbackKubernetes;
  readonly client: ClusterClient;
  readonly directory: string;
  readonly kubeconfig: string;
  /** The waits that the client asked for. */
  readonly sleeps: readonly number[];
  /** A line per request, such as `GET /api/v1/namespaces/runners/pods`. */
  trace(): readonly string[];
};

/** Half of every back-off; no time passes. */
export async function openLoopback(
  server: LoopbackKubernetesOptions = {},
  client: ClusterClientOptions = {},
  config: Parameters<LoopbackKubernetes['writeKubeconfig']>[1] = {},
): Promise<Loopback> {
  const directory = await mkdtemp(join(tmpdir(), 'loopback-kubernetes-'));
  const started = await startLoopbackKubernetes(server);
  const kubeconfig = await started.writeKubeconfig(directory, config);
  const sleeps: number[] = [];
  const sleep = async (ms: number) => {
    sleeps.push(ms);
  };
  return {
    server: started,
    client: connectKubeconfig({ path: kubeconfig }, { sleep, random: () => 0.5, now: () => 0, ...client }),
    directory,
    kubeconfig,
    sleeps,
    trace: () => started.requests.map(({ method, path }) => `${method} ${path}`),
    async [Symbol.asyncDispose]() {
      await started.close();
      await rm(directory, { recursive: true });
    },
  };
}
