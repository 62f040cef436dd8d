/**
 * What has to be known to enter an EKS cluster: its address and CA, from DescribeCluster, and an AWS identity to sign
 * tokens with, from the SDK's usual places or from a role. Both in one, since the first needs the second.
 */
import { type Cluster, DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { ServiceError } from '#core/errors.ts';
import type { ClusterSettings } from '#core/model/configuration.ts';
import { type AwsClientOptions, awsClientSettings, countCalls } from '../aws/client.ts';
import { awsFailure } from '../aws/failure.ts';
import type { AwsCredentials } from './token.ts';

/**
 * An EKS cluster as the configuration names it. `region` absent: as the SDK finds it, AWS_REGION first. `roleArn`: a role
 * to assume, for all that is done with this cluster.
 */
export type EksSettings = Omit<ClusterSettings & { readonly kind: 'eks' }, 'kind'>;

export type EksAccess = {
  readonly region: string;
  /** Such as `https://0123.gr7.eu-west-1.eks.amazonaws.com`. */
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  /** What keeps callers out by the network, as a next step; absent: nothing that EKS knows of. */
  readonly barrier?: string;
  /** ARN of the KMS key with which Secrets are encrypted; absent: AWS's own. */
  readonly secretsKey?: string;
  /** Kept by the SDK until shortly before they expire. Throws `ServiceError`. */
  readonly credentials: () => Promise<AwsCredentials>;
};

/** `EKS cluster "ci" in eu-west-1`, for messages. */
export function eksSubject({ name, region }: EksSettings): string {
  return `EKS cluster "${name}"${region === undefined ? '' : ` in ${region}`}`;
}

/** Asks AWS for everything anew. Throws `ServiceError` when AWS refuses, or the cluster cannot be used (yet, any more). */
export async function openAccess(settings: EksSettings, options: AwsClientOptions): Promise<EksAccess> {
  const { name, region: given, roleArn, externalId } = settings;
  const where = given === undefined ? {} : { region: given };
  const identity =
    roleArn === undefined ? {} : { credentials: () => credentialsOf({ roleArn, externalId }, where, options) };
  const client = countCalls(new EKSClient({ ...awsClientSettings(options), ...where, ...identity }), options.onCall);
  try {
    const region = await client.config.region();
    const { cluster } = await client.send(new DescribeClusterCommand({ name }));
    const credentials = () => client.config.credentials().catch((error: unknown) => Promise.reject(failure(error)));
    return { region, credentials, ...readCluster(eksSubject(settings), cluster) };
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

/** A cluster that is being updated has an address too, and works. */
const UNUSABLE = new Set(['DELETING', 'FAILED']);

function readCluster(subject: string, cluster: Cluster | undefined): Omit<EksAccess, 'region' | 'credentials'> {
  const { endpoint, certificateAuthority, encryptionConfig = [], status = 'UNKNOWN' } = cluster ?? {};
  const ca = certificateAuthority?.data;
  const unusable = (reason: string) =>
    new ServiceError(`${subject} is ${status}${reason}`, { service: 'aws', outcome: 'refused' });
  if (UNUSABLE.has(status)) throw unusable('; name another cluster');
  if (endpoint === undefined || ca === undefined) throw unusable(' and has no endpoint; wait until it is ACTIVE');
  return {
    server: endpoint.replace(/\/+$/, ''),
    ca: Buffer.from(ca, 'base64').toString('utf8'),
    barrier: barrierOf(cluster),
    secretsKey: encryptionConfig.find(({ resources = [] }) => resources.includes('secrets'))?.provider?.keyArn,
  };
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

/** What CloudTrail shows as the session's name. */
const SESSION_NAME = 'bitbucket-runner-autoscaler';

/** Credentials of a role, for an hour (STS's default), with whatever credentials the process has. Throws `ServiceError`. */
async function credentialsOf(
  { roleArn, externalId }: { readonly roleArn: string; readonly externalId: string | undefined },
  region: { readonly region?: string },
  options: AwsClientOptions,
): Promise<AwsCredentials> {
  const { AssumeRoleCommand, STSClient } = await import('../aws/sts.ts');
  const client = countCalls(new STSClient({ ...awsClientSettings(options), ...region }), options.onCall);
  try {
    const command = new AssumeRoleCommand({ RoleArn: roleArn, ExternalId: externalId, RoleSessionName: SESSION_NAME });
    const { Credentials: given } = await client.send(command);
    if (given?.AccessKeyId === undefined || given.SecretAccessKey === undefined) {
      throw new ServiceError(
        `The answer to sts:AssumeRole on role ${roleArn} holds no credentials; check AWS_ENDPOINT_URL and any proxy in between`,
        { service: 'aws', outcome: 'unknown' },
      );
    }
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = given;
    return { accessKeyId, secretAccessKey, sessionToken: given.SessionToken, expiration: given.Expiration };
  } catch (error) {
    throw awsFailure(error, {
      action: 'sts:AssumeRole',
      subject: `role ${roleArn}`,
      ifMissing: 'create it or correct the roleArn of the cluster',
      ifDenied: "the role's trust policy has to name ours, too, and its external id is the cluster's externalId",
    });
  }
}
