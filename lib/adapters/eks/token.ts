/**
 * The bearer token by which EKS knows an IAM identity: an STS GetCallerIdentity request, presigned together with the
 * cluster's name. The cluster sends the request to learn who signed it. Equal, parameter by parameter, to the one of
 * `aws eks get-token`; the clock comes in as a value.
 */
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Instant } from '#core/model/observation.ts';
import { Secret } from '#core/secret.ts';

/** What AWS calls an identity: a key pair, and for a role a session token. */
export type AwsCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Absent: long-lived. */
  readonly expiration?: Date;
};

export type TokenRequest = {
  /** The name in EKS; a token lets nobody into another cluster. */
  readonly clusterName: string;
  /** The cluster's. */
  readonly region: string;
  readonly credentials: AwsCredentials;
  readonly at: Instant;
};

/** EKS lets a token in for 15 minutes after its signing, whatever this says, and refuses one that says more than 900. */
const EXPIRES_SECONDS = 60;

/**
 * Domains of AWS's partitions by the start of their regions' names; the commercial and GovCloud ones share one. The isolated
 * partitions have domains of their own and are not supported.
 */
const DOMAINS: Readonly<Record<string, string>> = { cn: 'amazonaws.com.cn', eusc: 'amazonaws.eu' };

/** The token for one cluster, good for 14 minutes from `at`. It is made here alone: no call leaves. */
export async function eksToken({ clusterName, region, credentials, at }: TokenRequest): Promise<Secret> {
  const hostname = stsHost(region);
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256 });
  const { query = {} } = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname,
      path: '/',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { host: hostname, 'x-k8s-aws-id': clusterName },
    },
    { expiresIn: EXPIRES_SECONDS, signingDate: new Date(at) },
  );
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) parameters.set(name, String(value));
  const url = `https://${hostname}/?${parameters}`;
  return new Secret(`k8s-aws-v1.${Buffer.from(url, 'utf8').toString('base64url')}`);
}

function stsHost(region: string): string {
  const [partition = ''] = region.split('-', 1);
  return `sts.${region}.${DOMAINS[partition] ?? 'amazonaws.com'}`;
}
