/**
 * What has to be known to enter an EKS cluster: its address and CA, from DescribeCluster, and an AWS identity to sign
 * tokens with, from the SDK's usual places or from a role. Both in one, since the first needs the second.
 */
import { type Cluster, DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { ServiceError } from '#core/errors.ts';
import { type AwsClientOptions, awsClientSettings, countCalls } from '../aws/client.ts';
import { awsFailure } from '../aws/failure.ts';
import { assumeRole } from './role.ts';
import type { AwsCredentials } from './token.ts';

/** An EKS cluster as the configuration names it. */
export type EksSettings = {
  /** The name in EKS. */
  readonly name: string;
  /** Absent: as the SDK finds it, AWS_REGION first. */
  readonly region?: string;
  /** A role to assume, for all that is done with this cluster. */
  readonly roleArn?: string;
};

/** The way into one cluster. */
export type EksAccess = {
  readonly region: string;
  /** Such as `https://0123.gr7.eu-west-1.eks.amazonaws.com`. */
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  /** What keeps callers out by the network, as a next step; absent: nothing that EKS knows of. */
  readonly barrier?: string;
  /** Kept by the SDK until shortly before they expire. Throws `ServiceError`. */
  readonly credentials: () => Promise<AwsCredentials>;
};

/** `EKS cluster "ci" in eu-west-1`, for messages. */
export function eksSubject({ name, region }: EksSettings): string {
  return `EKS cluster "${name}"${region === undefined ? '' : ` in ${region}`}`;
}

/** Asks AWS for everything anew. Throws `ServiceError` when AWS refuses, or the cluster cannot be used (yet, any more). */
export async function openAccess(settings: EksSettings, options: AwsClientOptions): Promise<EksAccess> {
  const client = countCalls(createClient(settings, options), options.onCall);
  try {
    const region = await client.config.region();
    const { cluster } = await client.send(new DescribeClusterCommand({ name: settings.name }));
    const credentials = () => client.config.credentials().catch((error: unknown) => Promise.reject(failure(error)));
    return { region, credentials, ...readCluster(settings, cluster) };
  } catch (error) {
    throw failure(error);
  }

  function failure(error: unknown): ServiceError {
    return awsFailure(error, {
      action: 'eks:DescribeCluster',
      subject: eksSubject(settings),
      ifMissing: 'correct its name, or give it the region and the roleArn of where it is',
    });
  }
}

function createClient({ region, roleArn }: EksSettings, options: AwsClientOptions): EKSClient {
  return new EKSClient({
    ...awsClientSettings(options),
    ...(region === undefined ? {} : { region }),
    ...(roleArn === undefined ? {} : { credentials: () => assumeRole(roleArn, region, options) }),
  });
}

/** A cluster that is being updated has an address too, and works. */
const UNUSABLE = new Set(['DELETING', 'FAILED']);

function readCluster(
  settings: EksSettings,
  cluster: Cluster | undefined,
): Pick<EksAccess, 'server' | 'ca' | 'barrier'> {
  const { endpoint, certificateAuthority, status = 'UNKNOWN' } = cluster ?? {};
  const ca = certificateAuthority?.data;
  if (UNUSABLE.has(status)) throw unusable(`${eksSubject(settings)} is ${status}; name another cluster`);
  if (endpoint === undefined || ca === undefined) {
    throw unusable(`${eksSubject(settings)} is ${status} and has no endpoint; wait until it is ACTIVE`);
  }
  const barrier = barrierOf(cluster);
  return {
    server: endpoint.replace(/\/+$/, ''),
    ca: Buffer.from(ca, 'base64').toString('utf8'),
    ...(barrier === undefined ? {} : { barrier }),
  };
}

function unusable(message: string): ServiceError {
  return new ServiceError(message, { service: 'aws', outcome: 'refused' });
}

function barrierOf(cluster: Cluster | undefined): string | undefined {
  const { endpointPublicAccess, publicAccessCidrs = [] } = cluster?.resourcesVpcConfig ?? {};
  if (endpointPublicAccess === false) {
    return "its endpoint is private: run inside the cluster's VPC, and allow port 443 from there in the cluster's security group";
  }
  const isOpen = publicAccessCidrs.length === 0 || publicAccessCidrs.includes('0.0.0.0/0');
  return isOpen
    ? undefined
    : `its public endpoint lets in ${publicAccessCidrs.join(', ')} only: add our address there, or run inside its VPC`;
}
