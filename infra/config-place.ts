/** Where the configuration and its templates lie, for the functions' environment, their policies and for pushing. */
import { posix } from 'node:path';
import { attribute, type Resources, SERVICE_NAME, type Value } from './cloudformation.ts';
import { isConfigSource } from './parameter-checks.ts';
import type { Parameters } from './parameters.ts';

/** The key of the configuration in the bucket that the stack makes. */
const OWN_KEY = 'runners.yaml';

/** The resource of the bucket. */
const BUCKET = 'ConfigBucket';

/** The part of a bucket's name before account and region, which make it unique in the world. */
const bucketPrefix = (stage: string) => `runner-autoscaler-${stage}`;

/** An object in S3, whose bucket may be the stack's own, or a parameter of SSM. */
export type Place =
  | { readonly kind: 's3'; readonly bucket: string | undefined; readonly key: string }
  | { readonly kind: 'ssm'; readonly name: string };

/** The configuration first, then every template that is told of, the same place once. */
export function placesOf({ configSource, templates }: Parameters): readonly Place[] {
  const config = configPlace(configSource);
  const places = [config, ...templates.map((text) => (isConfigSource(text) ? parse(text) : beside(config, text)))];
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()];
}

/** `CONFIG_SOURCE` of the functions. */
export function configSourceValue({ configSource }: Parameters): Value {
  return configSource ?? { 'Fn::Join': ['', ['s3://', { Ref: BUCKET }, `/${OWN_KEY}`]] };
}

/** The same for somebody who knows account and region, and so the name of the bucket. */
export function configSourceIn({ configSource, stage }: Parameters, account: string, region: string): string {
  return configSource ?? `s3://${bucketPrefix(stage)}-${account}-${region}/${OWN_KEY}`;
}

/** The ARN of a bucket, or of the stack's own. */
export function bucketArn(bucket: string | undefined): string {
  return bucket === undefined ? `\${${BUCKET}.Arn}` : `arn:\${AWS::Partition}:s3:::${bucket}`;
}

/** The bucket, unless the configuration lies elsewhere: versioned, encrypted, closed, over TLS only, kept when the stack goes. */
export function bucketResources({ configSource, stage, kmsKey }: Parameters): Resources {
  if (configSource !== undefined) return {};
  const encryption =
    kmsKey === undefined ? { SSEAlgorithm: 'AES256' } : { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: kmsKey };
  return {
    [BUCKET]: {
      Type: 'AWS::S3::Bucket',
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketName: { 'Fn::Join': ['-', [bucketPrefix(stage), { Ref: 'AWS::AccountId' }, { Ref: 'AWS::Region' }]] },
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { ServerSideEncryptionByDefault: encryption, BucketKeyEnabled: kmsKey !== undefined },
          ],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        // Every change of the configuration stays for a quarter of a year, to go back to.
        LifecycleConfiguration: {
          Rules: [{ Id: 'old-versions', Status: 'Enabled', NoncurrentVersionExpiration: { NoncurrentDays: 90 } }],
        },
        Tags: [{ Key: 'service', Value: SERVICE_NAME }],
      },
    },
    ConfigBucketPolicy: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: { Ref: BUCKET },
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'OnlyOverTls',
              Effect: 'Deny',
              Principal: '*',
              Action: 's3:*',
              Resource: [attribute(BUCKET, 'Arn'), { 'Fn::Sub': `\${${BUCKET}.Arn}/*` }],
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            },
          ],
        },
      },
    },
  };
}

function configPlace(source: string | undefined): Place {
  return source === undefined ? { kind: 's3', bucket: undefined, key: OWN_KEY } : parse(source);
}

/** Reads a source that has been checked. */
function parse(source: string): Place {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(source) ?? [];
  if (bucket !== undefined && key !== undefined) return { kind: 's3', bucket, key };
  return { kind: 'ssm', name: source.slice('ssm:'.length) };
}

/** As the loader resolves a template's `path`. */
function beside(config: Place, path: string): Place {
  if (config.kind === 's3') return { ...config, key: posix.join(posix.dirname(config.key), path) };
  return { ...config, name: posix.join(posix.dirname(config.name), path) };
}
