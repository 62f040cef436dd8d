import { describe, expect, it } from 'vitest';
import { readEnvironment, readTelemetry, type Telemetry, type Variables } from '#adapters/environment.ts';
import { InputError } from '#core/errors.ts';

function complaintsOf(variables: Variables): readonly string[] {
  try {
    readEnvironment(variables);
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message.split('\n');
  }
}

const API_TOKEN = { ATLASSIAN_ACCOUNT_EMAIL: 'ci@acme.test', ATLASSIAN_API_TOKEN: 'token-1' };
const OAUTH = { BITBUCKET_OAUTH_CLIENT_ID: 'client', BITBUCKET_OAUTH_CLIENT_SECRET: 'secret-2' };
const ACCESS_TOKEN = { BITBUCKET_ACCESS_TOKEN: 'token-3' };
const APP_PASSWORD = { BITBUCKET_USERNAME: 'ci', BITBUCKET_APP_PASSWORD: 'password-4' };

describe('defaults', () => {
  it('needs nothing', () => {
    expect(readEnvironment({})).toEqual({
      stateStore: 'memory',
      bitbucketBaseUrl: 'https://api.bitbucket.org',
      bitbucketBaseUrlIsDefault: true,
    });
  });

  it('empty and blank values count as unset', () => {
    const blank = Object.fromEntries(
      ['CONFIG_SOURCE', 'STATE_STORE', 'BITBUCKET_BASE_URL', 'ATLASSIAN_API_TOKEN', 'KUBECONFIG'].map((name) => [
        name,
        ' ',
      ]),
    );
    expect(readEnvironment(blank)).toEqual(readEnvironment({}));
  });

  it('white space around a value is dropped', () => {
    expect(readEnvironment({ BITBUCKET_ACCESS_TOKEN: 'abc\n' }).credential).toEqual(
      readEnvironment({ BITBUCKET_ACCESS_TOKEN: 'abc' }).credential,
    );
  });

  it('passes names and places on', () => {
    expect(
      readEnvironment({
        CONFIG_SOURCE: 's3://bucket/runners.yaml',
        STATE_STORE: 'dynamodb:runners',
        BITBUCKET_BASE_URL: 'http://127.0.0.1:8080/',
        EKS_CLUSTER_NAME: 'ci',
        KUBECONFIG: '/home/me/.kube/a:/home/me/.kube/b',
      }),
    ).toEqual({
      configSource: 's3://bucket/runners.yaml',
      stateStore: 'dynamodb:runners',
      bitbucketBaseUrl: 'http://127.0.0.1:8080',
      bitbucketBaseUrlIsDefault: false,
      eksClusterName: 'ci',
      kubeconfig: '/home/me/.kube/a:/home/me/.kube/b',
    });
  });
});

describe('credential', () => {
  it.each([
    ['nothing', {}, undefined],
    ['an API token', API_TOKEN, 'apiToken'],
    ['an OAuth consumer', OAUTH, 'oauth'],
    ['an access token', ACCESS_TOKEN, 'accessToken'],
    ['an app password', APP_PASSWORD, 'appPassword'],
    ['everything: the API token', { ...APP_PASSWORD, ...ACCESS_TOKEN, ...OAUTH, ...API_TOKEN }, 'apiToken'],
    ['all but that: OAuth', { ...APP_PASSWORD, ...ACCESS_TOKEN, ...OAUTH }, 'oauth'],
    ['all but these: the access token', { ...APP_PASSWORD, ...ACCESS_TOKEN }, 'accessToken'],
    ['a secret of Secrets Manager instead of all', { ...API_TOKEN, BITBUCKET_SECRET_ID: 'ci' }, undefined],
    ['a secret, and half a pair', { BITBUCKET_USERNAME: 'ci', BITBUCKET_SECRET_ID: 'ci' }, undefined],
  ])('%s', (_, variables, kind) => {
    expect(readEnvironment(variables).credential?.kind).toBe(kind);
  });

  it('hides what is secret', () => {
    for (const variables of [API_TOKEN, OAUTH, ACCESS_TOKEN, APP_PASSWORD]) {
      expect(JSON.stringify(readEnvironment(variables))).not.toMatch(/-[1-4]/);
    }
  });
});

describe('complaints', () => {
  it.each([
    [
      'S3 without a key',
      { CONFIG_SOURCE: 's3://bucket' },
      'CONFIG_SOURCE: "s3://bucket" lacks a part; write s3://bucket/key',
    ],
    [
      'S3 with a folder',
      { CONFIG_SOURCE: 's3://bucket/dir/' },
      'CONFIG_SOURCE: "s3://bucket/dir/" lacks a part; write s3://bucket/key',
    ],
    ['SSM without a name', { CONFIG_SOURCE: 'ssm:' }, 'CONFIG_SOURCE: "ssm:" lacks a part; write ssm:/name'],
    [
      'a source elsewhere',
      { CONFIG_SOURCE: 'https://x.test/y' },
      'CONFIG_SOURCE: "https://" cannot be read from; give s3://bucket/key, ssm:/name or a file path',
    ],
    [
      'an unknown state store',
      { STATE_STORE: 'redis:x' },
      'STATE_STORE: "redis:x" is not a state store; give dynamodb:TABLE, sqlite:PATH or memory',
    ],
    [
      'a state store without a table',
      { STATE_STORE: 'dynamodb:' },
      'STATE_STORE: "dynamodb:" is not a state store; give dynamodb:TABLE, sqlite:PATH or memory',
    ],
    [
      'no address',
      { BITBUCKET_BASE_URL: 'bitbucket' },
      'BITBUCKET_BASE_URL: is not an address; write it as https://api.bitbucket.org',
    ],
    [
      'a password in the address',
      { BITBUCKET_BASE_URL: 'https://me:hidden@x.test' },
      'BITBUCKET_BASE_URL: holds more than an address; leave out user, password, "?" and "#"',
    ],
    [
      'clear text',
      { BITBUCKET_BASE_URL: 'http://x.test' },
      'BITBUCKET_BASE_URL: would send the credential in clear text to x.test; use https',
    ],
    [
      'a cluster by ARN',
      { EKS_CLUSTER_NAME: 'arn:x' },
      'EKS_CLUSTER_NAME: "arn:x" is not the name of an EKS cluster: letters, digits, dashes and underscores',
    ],
    [
      'an e-mail address alone',
      { ATLASSIAN_ACCOUNT_EMAIL: 'a@b.test' },
      'ATLASSIAN_API_TOKEN: is missing, although ATLASSIAN_ACCOUNT_EMAIL is set; set both, or neither',
    ],
    [
      'an API token alone, beside another credential',
      { ATLASSIAN_API_TOKEN: 'hidden', ...ACCESS_TOKEN },
      'ATLASSIAN_ACCOUNT_EMAIL: is missing, although ATLASSIAN_API_TOKEN is set; set both, or neither',
    ],
    [
      'a client secret alone',
      { BITBUCKET_OAUTH_CLIENT_SECRET: 'hidden' },
      'BITBUCKET_OAUTH_CLIENT_ID: is missing, although BITBUCKET_OAUTH_CLIENT_SECRET is set; set both, or neither',
    ],
    [
      'a user name alone',
      { BITBUCKET_USERNAME: 'ci' },
      'BITBUCKET_APP_PASSWORD: is missing, although BITBUCKET_USERNAME is set; set both, or neither',
    ],
    [
      'two lines',
      { BITBUCKET_ACCESS_TOKEN: 'hidden\nhidden' },
      'BITBUCKET_ACCESS_TOKEN: contains white space or a control character; it was probably not copied as a whole',
    ],
    [
      'a user name for an e-mail address',
      { ...API_TOKEN, ATLASSIAN_ACCOUNT_EMAIL: 'ci' },
      'ATLASSIAN_ACCOUNT_EMAIL: is not the e-mail address of an Atlassian account',
    ],
  ])('%s', (_, variables, expected) => {
    expect(complaintsOf(variables)).toEqual([`environment ${expected}`]);
    expect(expected).not.toMatch('hidden');
  });

  it('come all at once', () => {
    expect(complaintsOf({ STATE_STORE: 'x', CONFIG_SOURCE: 's3://', BITBUCKET_USERNAME: 'ci' })).toHaveLength(3);
  });

  it.each([
    'runners.yaml',
    './a/b.yaml',
    'C:\\runners.yaml',
    'file:runners.yaml',
    'ssm:/a/b',
    'ssm:name',
    's3://b/k.yaml',
  ])('source %s is fine', (source) => {
    expect(readEnvironment({ CONFIG_SOURCE: source }).configSource).toBe(source);
  });
});

describe('telemetry', () => {
  it.each<[Variables, Telemetry]>([
    [{}, { groupMetrics: false }],
    [{ POWERTOOLS_SERVICE_NAME: ' ', GROUP_METRICS: 'no' }, { groupMetrics: false }],
    [
      { POWERTOOLS_SERVICE_NAME: 'prod', GROUP_METRICS: ' true ' },
      { serviceName: 'prod', groupMetrics: true },
    ],
  ])('%j', (variables, expected) => {
    expect(readTelemetry(variables)).toEqual(expected);
  });
});
