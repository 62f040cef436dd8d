/**
 * Clusters from a kubeconfig, found as kubectl finds it: a given path, else KUBECONFIG, else ~/.kube/config, else the
 * service account of the pod that we run in. client-node's KubeConfig does the reading: files, certificates, tokens,
 * credential plugins, proxies.
 */
import type { Agent, RequestOptions as HttpsOptions } from 'node:https';
import { delimiter } from 'node:path';
// The package's index would bring every generated API class along.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { InputError, sentenceOf } from '#core/errors.ts';
import { renewableIdentity } from '../http/identity.ts';
import {
  type ClusterClient,
  type ClusterClientOptions,
  type ClusterConnection,
  type ClusterEndpoint,
  createClusterClient,
  isOutdated,
} from './cluster-client.ts';

/** Where the kubeconfig is and what to use of it. `path` may list several files, as KUBECONFIG may. */
type KubeconfigSettings = { readonly path?: string; readonly context?: string };

/** A client for a kubeconfig's cluster. Throws `InputError` when there is no usable kubeconfig; calls nobody yet. */
export function connectKubeconfig(settings: KubeconfigSettings, options: ClusterClientOptions = {}): ClusterClient {
  let config: KubeConfig | undefined = load(settings);
  const cluster = config.getCurrentCluster();
  const connection: ClusterConnection = {
    description: `cluster "${cluster?.name}" (${cluster?.server})`,
    endpoint: renewableIdentity({
      now: Date.now,
      isRefusal: isOutdated,
      ask: async () => {
        config ??= load(settings);
        // The KubeConfig itself keeps credentials until they expire.
        return { who: await endpointOf(config), until: Number.NEGATIVE_INFINITY };
      },
      // A new KubeConfig reads the files and asks the plugin again.
      onForget: () => {
        config = undefined;
      },
      isSame: (one, other) => one.headers.authorization === other.headers.authorization,
    }),
  };
  return createClusterClient(connection, options);
}

function load({ path, context }: KubeconfigSettings): KubeConfig {
  const source = path ?? 'the default kubeconfig';
  const config = read(path, source);
  if (context !== undefined) config.setCurrentContext(context);
  const wanted = config.getCurrentContext();
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    const contexts = config.getContexts().map(({ name }) => name);
    throw new InputError(
      !wanted
        ? `${source} has no current context; choose one with "kubectl config use-context", or name it`
        : `${source} has no usable context "${wanted}"; it has ${contexts.join(', ') || 'none'}`,
    );
  }
  if (cluster.server.startsWith('http:') && !cluster.skipTLSVerify) {
    throw new InputError(
      wanted === 'loaded-context'
        ? 'no kubeconfig found; name an EKS cluster under "clusters" or in EKS_CLUSTER_NAME, or set KUBECONFIG'
        : `${source}: cluster "${cluster.name}" is reached over plain http (${cluster.server}); use https, or allow it with insecure-skip-tls-verify`,
    );
  }
  return config;
}

function read(path: string | undefined, source: string): KubeConfig {
  const config = new KubeConfig();
  try {
    if (path === undefined) config.loadFromDefault();
    const [first = path, ...others] = path?.split(delimiter).filter((file) => file !== '') ?? [];
    if (first !== undefined) config.loadFromFile(first);
    for (const file of others) {
      const other = new KubeConfig();
      other.loadFromFile(file);
      config.mergeConfig(other);
    }
    return config;
  } catch (cause) {
    const reason = `cannot be read as a kubeconfig (${firstLine(cause)}); check the path and its YAML`;
    throw new InputError(`${source} ${reason}`, { cause });
  }
}

async function endpointOf(config: KubeConfig): Promise<ClusterEndpoint> {
  const options: HttpsOptions = { headers: {} };
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new Error(whyNoCredentials(config, error));
  }
  const cluster = config.getCurrentCluster();
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const tls = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
  return {
    server: cluster?.server ?? '',
    headers: headersOf(options),
    tls: Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined)),
    // Without a proxy ours is better: it keeps connections, and follows certificates that change.
    ...(cluster?.proxyUrl === undefined ? {} : { agent: options.agent as Agent }),
  };
}

function headersOf({ headers, auth }: HttpsOptions): Readonly<Record<string, string>> {
  const given = Object.entries((headers ?? {}) as Record<string, unknown>);
  const basic = typeof auth === 'string' ? `Basic ${Buffer.from(auth, 'utf8').toString('base64')}` : undefined;
  return Object.fromEntries([
    ...(basic === undefined ? [] : [['authorization', basic]]),
    ...given.map(([name, value]) => [name.toLowerCase(), String(value)]),
  ]);
}

function whyNoCredentials(config: KubeConfig, error: unknown): string {
  const command: unknown = config.getCurrentUser()?.exec?.command;
  if (typeof command !== 'string') {
    return `the kubeconfig's credentials cannot be read (${firstLine(error)}); check the files that it names`;
  }
  const plugin = `the credential plugin "${command}"`;
  const { code } = error as { code?: string };
  if (code === 'ENOENT') return `${plugin} is not installed; install it, or put it on the PATH`;
  // A parse error quotes the plugin's output, and that is where the token is.
  const isParseError = error instanceof SyntaxError || error instanceof TypeError;
  return `${plugin} failed (${isParseError ? 'its answer is not one' : firstLine(error)}); run it by hand, or log in again`;
}

function firstLine(error: unknown): string {
  return sentenceOf(error).trim().split('\n', 1)[0]?.slice(0, 200) ?? '';
}
