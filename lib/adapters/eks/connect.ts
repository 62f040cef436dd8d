/**
 * EKS clusters by name: no kubeconfig, no plugin. AWS is asked about the cluster once; a token is signed every ten
 * minutes. If the cluster rejects our token, or we reject its certificate, all of it is asked again, at most once per
 * request.
 */
import type { Instant } from '#core/model/observation.ts';
import { renewableIdentity } from '../http/identity.ts';
import {
  type ClusterClient,
  type ClusterClientOptions,
  type ClusterConnection,
  type ClusterEndpoint,
  createClusterClient,
  isOutdated,
} from '../kubernetes/cluster-client.ts';
import type { Advice } from '../kubernetes/failure.ts';
import { type EksAccess, type EksSettings, eksSubject, openAccess } from './access.ts';
import { type AwsCredentials, eksToken } from './token.ts';

export type EksOptions = ClusterClientOptions & {
  /** Called for each request to EKS or STS that leaves, repetitions included; `onCall` counts those to the cluster. */
  readonly onAwsCall?: () => void;
  /** For each try at EKS or STS; default 2.5 s. */
  readonly awsTimeoutMs?: number;
};

/** A token is good for 14 minutes; what is left of them is for the requests that it is sent with. */
const TOKEN_KEPT_MS = 10 * 60_000;
/** A token is worth nothing when the credentials behind it have expired. */
const EXPIRY_MARGIN_MS = 60_000;
/** Three tries fit into the time of one attempt at the cluster, so that the sentence is about AWS and not about it. */
const AWS_TIMEOUT_MS = 2_500;

/** A client for an EKS cluster. Calls nobody yet; all that can be wrong comes out of its requests. */
export function connectEks(settings: EksSettings, options: EksOptions = {}): ClusterClient {
  const { onAwsCall: onCall, awsTimeoutMs: timeoutMs = AWS_TIMEOUT_MS, now = Date.now } = options;
  let access: EksAccess | undefined;
  const connection: ClusterConnection = {
    description: eksSubject(settings),
    advice: () => adviceFor(settings, access),
    secretsKey: () => access?.secretsKey,
    endpoint: renewableIdentity({
      now,
      isRefusal: isOutdated,
      ask: async () => {
        access ??= await openAccess(settings, { timeoutMs, onCall });
        const credentials = await access.credentials();
        const at = now();
        return { who: await endpointOf(settings.name, access, credentials, at), until: freshUntil(credentials, at) };
      },
      onForget: () => {
        access = undefined;
      },
    }),
  };
  return createClusterClient(connection, options);
}

async function endpointOf(
  clusterName: string,
  { region, server, ca }: EksAccess,
  credentials: AwsCredentials,
  at: Instant,
): Promise<ClusterEndpoint> {
  const token = await eksToken({ clusterName, region, credentials, at });
  return { server, headers: { authorization: `Bearer ${token.reveal()}` }, tls: { ca } };
}

function freshUntil({ expiration }: AwsCredentials, signedAt: Instant): Instant {
  const byToken = signedAt + TOKEN_KEPT_MS;
  return expiration === undefined ? byToken : Math.min(byToken, expiration.getTime() - EXPIRY_MARGIN_MS);
}

function adviceFor({ roleArn = 'our role' }: EksSettings, access: EksAccess | undefined): Advice {
  return {
    unauthorized: `give ${roleArn} an access entry of this cluster with the group bitbucket-runner-autoscaler-scale-STAGE (for reports bitbucket-runner-autoscaler-report-STAGE), and check our clock`,
    untrusted: 'EKS itself names this CA, so look for a proxy in between',
    unreachable: access === undefined ? 'check the network path to AWS (subnet, NAT, endpoint)' : access.barrier,
  };
}
