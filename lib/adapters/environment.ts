/**
 * The environment of the process, read once and checked: the only place that knows the names of its variables.
 * Variables of the AWS SDK (region, profile, AWS_ENDPOINT_URL) are the SDK's own affair.
 */
import { InputError } from '#core/errors.ts';
import { Secret } from '#core/secret.ts';
import type { InputProblem } from '#yaml/problem.ts';
import type { Credential } from './credentials.ts';

/** What the environment says; see docs/configuration.md for each variable. */
export type Environment = {
  /** `s3://bucket/key`, `ssm:/name` or a file path. */
  readonly configSource?: string;
  /** `dynamodb:TABLE`, `sqlite:PATH`, `memory`, or `file:PATH` as earlier versions had it. */
  readonly stateStore: string;
  /** Without a slash at its end. */
  readonly bitbucketBaseUrl: string;
  /** False when set: OAuth tokens are then asked for there, too. */
  readonly bitbucketBaseUrlIsDefault: boolean;
  /** Name or ARN of the credential in Secrets Manager; it takes precedence over `credential`, which is then absent. */
  readonly bitbucketSecretId?: string;
  /** The credential that the variables themselves make. */
  readonly credential?: Credential;
  /** Where CloudWatch is, if not where the region says. Other services ask the SDK for theirs. */
  readonly cloudWatchUrl?: string;
  readonly eksClusterName?: string;
  readonly kubeconfig?: string;
  /** Where pipelines ask for runners. */
  readonly wakeUrl?: string;
  /** What Bitbucket signs its events with: the name or ARN of a secret, or the text itself. */
  readonly webhookSecretId?: string;
  readonly webhookSecret?: Secret;
};

/** A process environment: names to values. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * How the process presents itself in logs and metrics. `serviceName` absent: as the program. `groupMetrics`: whether every
 * group has metrics of its own, besides those of the fleet.
 */
export type Telemetry = { readonly serviceName?: string; readonly groupMetrics: boolean };

/** Reads what logs and metrics need. It cannot fail, for failures are told through them. */
export function readTelemetry(variables: Variables = process.env): Telemetry {
  return {
    serviceName: variables.POWERTOOLS_SERVICE_NAME?.trim() || undefined,
    groupMetrics: variables.GROUP_METRICS?.trim() === 'true',
  };
}

/** What the function for wakes knows of the scaler: its name, the shards of its schedule, and how often that comes. */
export type Scaler = { readonly name: string; readonly shards: number; readonly everyMinutes: number };

/** What the environment says of the scaler. */
export function readScaler(variables: Variables = process.env): Scaler {
  const { SCALE_FUNCTION: name = '', SHARDS: shards = 1, SCALE_EVERY_MINUTES: everyMinutes = 1 } = variables;
  return { name, shards: Number(shards), everyMinutes: Number(everyMinutes) };
}

/** The proxies of a company, as an agent of Node's takes them for `proxyEnv`. */
export type ProxyVariables = { readonly HTTP_PROXY?: string; readonly HTTPS_PROXY?: string; readonly NO_PROXY: string };

/** No proxy leads to what runs on this machine. */
const THIS_MACHINE = ['localhost', '127.0.0.1', '::1', '[::1]'];

/** The proxies that the environment names; undefined when it names none. As with curl, small letters come first. */
export function readProxies(variables: Variables = process.env): ProxyVariables | undefined {
  const read = (name: string) => variables[name.toLowerCase()]?.trim() || variables[name]?.trim() || undefined;
  const [http, https] = [read('HTTP_PROXY'), read('HTTPS_PROXY')];
  if (http === undefined && https === undefined) return undefined;
  return {
    ...(http !== undefined && { HTTP_PROXY: http }),
    ...(https !== undefined && { HTTPS_PROXY: https }),
    NO_PROXY: [read('NO_PROXY'), ...THIS_MACHINE].filter((entry) => entry !== undefined).join(','),
  };
}

const DEFAULT_BASE_URL = 'https://api.bitbucket.org';

/**
 * Reads the environment; white space around values is dropped and empty values count as unset. Throws an `InputError`
 * with every wrong variable at once. No value of a secret appears in it.
 */
export function readEnvironment(variables: Variables = process.env): Environment {
  const read = (name: string) => variables[name]?.trim() || undefined;
  const problems: InputProblem[] = [];
  const check = (name: string, complaint: string | undefined) => {
    if (complaint !== undefined) problems.push({ source: 'environment', path: name, message: complaint });
  };

  const configSource = read('CONFIG_SOURCE');
  const stateStore = read('STATE_STORE') ?? 'memory';
  const baseUrl = read('BITBUCKET_BASE_URL');
  const bitbucketSecretId = read('BITBUCKET_SECRET_ID');
  const eksClusterName = read('EKS_CLUSTER_NAME');
  const webhookSecret = read('WEBHOOK_SECRET');
  check('CONFIG_SOURCE', configSourceComplaint(configSource));
  check('STATE_STORE', stateStoreComplaint(stateStore));
  check('BITBUCKET_BASE_URL', baseUrlComplaint(baseUrl));
  check('EKS_CLUSTER_NAME', clusterNameComplaint(eksClusterName));
  for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'])
    check(name, proxyComplaint(read(name)));
  if (bitbucketSecretId === undefined) checkCredential(read, check);
  if (problems.length > 0) throw new InputError(problems);

  return {
    configSource,
    stateStore,
    bitbucketBaseUrl: (baseUrl ?? DEFAULT_BASE_URL).replace(/\/+$/, ''),
    bitbucketBaseUrlIsDefault: baseUrl === undefined,
    bitbucketSecretId,
    credential: bitbucketSecretId === undefined ? credentialFrom(read) : undefined,
    cloudWatchUrl: read('AWS_ENDPOINT_URL_CLOUDWATCH') ?? read('AWS_ENDPOINT_URL'),
    eksClusterName,
    kubeconfig: read('KUBECONFIG'),
    wakeUrl: read('WAKE_URL'),
    webhookSecretId: read('WEBHOOK_SECRET_ID'),
    ...(webhookSecret && { webhookSecret: new Secret(webhookSecret) }),
  };
}

type Read = (name: string) => string | undefined;

/** The first complete credential, in the documented order of precedence. */
function credentialFrom(read: Read): Credential | undefined {
  const email = read('ATLASSIAN_ACCOUNT_EMAIL');
  const apiToken = read('ATLASSIAN_API_TOKEN');
  if (email !== undefined && apiToken !== undefined) return { kind: 'apiToken', email, token: new Secret(apiToken) };
  const clientId = read('BITBUCKET_OAUTH_CLIENT_ID');
  const clientSecret = read('BITBUCKET_OAUTH_CLIENT_SECRET');
  if (clientId !== undefined && clientSecret !== undefined) {
    return { kind: 'oauth', clientId, clientSecret: new Secret(clientSecret) };
  }
  const accessToken = read('BITBUCKET_ACCESS_TOKEN');
  if (accessToken !== undefined) return { kind: 'accessToken', token: new Secret(accessToken) };
  const username = read('BITBUCKET_USERNAME');
  const password = read('BITBUCKET_APP_PASSWORD');
  if (username !== undefined && password !== undefined) {
    return { kind: 'appPassword', username, password: new Secret(password) };
  }
  return undefined;
}

const CREDENTIAL_PAIRS = [
  ['ATLASSIAN_ACCOUNT_EMAIL', 'ATLASSIAN_API_TOKEN'],
  ['BITBUCKET_OAUTH_CLIENT_ID', 'BITBUCKET_OAUTH_CLIENT_SECRET'],
  ['BITBUCKET_USERNAME', 'BITBUCKET_APP_PASSWORD'],
] as const;

/** Half a pair is refused even where another credential is complete: its owner believes that the pair is in use. */
function checkCredential(read: Read, check: (name: string, complaint: string) => void): void {
  for (const pair of CREDENTIAL_PAIRS) {
    const given = pair.find((name) => read(name) !== undefined);
    const missing = pair.find((name) => read(name) === undefined);
    if (given && missing) check(missing, `is missing, although ${given} is set; set both, or neither`);
  }
  for (const name of [...CREDENTIAL_PAIRS.flat(), 'BITBUCKET_ACCESS_TOKEN']) {
    if (!/\s|\p{Cc}/u.test(read(name) ?? '')) continue;
    check(name, 'contains white space or a control character; it was probably not copied as a whole');
  }
  if (read('ATLASSIAN_ACCOUNT_EMAIL')?.includes('@') === false) {
    check('ATLASSIAN_ACCOUNT_EMAIL', 'is not the e-mail address of an Atlassian account');
  }
}

function configSourceComplaint(source: string | undefined): string | undefined {
  if (source === undefined) return undefined;
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(source)?.[1];
  const lacking = (form: string) => `"${source}" lacks a part; write ${form}`;
  if (scheme === 's3') return /^s3:\/\/[^/]+\/.*[^/]$/.test(source) ? undefined : lacking('s3://bucket/key');
  if (scheme === 'ssm') return /^ssm:\/?[\w./-]+$/.test(source) ? undefined : lacking('ssm:/name');
  if (scheme === undefined || scheme === 'file' || !source.includes('://')) return undefined;
  return `"${scheme}://" cannot be read from; give s3://bucket/key, ssm:/name or a file path`;
}

function stateStoreComplaint(store: string): string | undefined {
  if (store === 'memory' || /^(?:sqlite|file):./.test(store) || /^dynamodb:[\w.-]{3,255}$/.test(store))
    return undefined;
  return `"${store}" is not a state store; give dynamodb:TABLE, sqlite:PATH or memory`;
}

function baseUrlComplaint(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    return `is not an address; write it as ${DEFAULT_BASE_URL}`;
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return 'holds more than an address; leave out user, password, "?" and "#"';
  }
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  return url.protocol === 'https:' || isLocal
    ? undefined
    : `would send the credential in clear text to ${url.hostname}; use https`;
}

/** Its text is not repeated: it may hold a password. */
function proxyComplaint(text: string | undefined): string | undefined {
  if (text === undefined || ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? '')) return undefined;
  return 'is not the address of an HTTP proxy; write it as http://proxy.example.com:3128';
}

function clusterNameComplaint(name: string | undefined): string | undefined {
  if (name === undefined || /^[A-Za-z0-9][\w-]{0,99}$/.test(name)) return undefined;
  return `"${name}" is not the name of an EKS cluster: letters, digits, dashes and underscores`;
}
