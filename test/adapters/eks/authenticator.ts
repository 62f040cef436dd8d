/**
 * The authenticator of an EKS cluster, as far as a token can tell: it takes the presigned URL apart, insists on its
 * host, action, age and on the cluster's name among what was signed, and then does what STS would do: sign the same
 * request with the secret key that it knows, and compare. Its Signature Version 4 is its own, on nothing but hashes,
 * so that it does not share a mistake with what it checks.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** An IAM identity with an access entry in the cluster. */
export type KnownIdentity = {
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly username: string;
  readonly groups: readonly string[];
};

export type AuthenticatorOptions = {
  readonly clusterName: string;
  readonly region: string;
  /** By access key. */
  readonly identities: Readonly<Record<string, KnownIdentity>>;
  /** The authenticator's clock; default the machine's. */
  readonly now?: () => number;
};

/** Who it is, or why nobody. */
export type Verdict =
  | { readonly authenticated: true; readonly username: string; readonly groups: readonly string[] }
  | { readonly authenticated: false; readonly reason: string };

const LIFETIME_MS = 15 * 60_000;
const LONGEST_EXPIRES_SECONDS = 900;
const PARAMETERS = new Set([
  'Action',
  'Version',
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
]);

/** Judges a bearer token. */
export function authenticate(token: string, options: AuthenticatorOptions): Verdict {
  const url = urlIn(token);
  if (url === undefined) return refuse('not a token of EKS');
  const fault = faultIn(url, options);
  if (fault !== undefined) return refuse(fault);
  const identity = options.identities[credentialOf(url).accessKeyId ?? ''];
  if (identity === undefined) return refuse('the access key is unknown');
  if ((url.searchParams.get('X-Amz-Security-Token') ?? undefined) !== identity.sessionToken) {
    return refuse('the session token is another');
  }
  const expected = Buffer.from(signatureOf(url, options.clusterName, identity.secretAccessKey));
  const given = Buffer.from(url.searchParams.get('X-Amz-Signature') ?? '');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    return refuse('the signature does not match');
  }
  return { authenticated: true, username: identity.username, groups: identity.groups };
}

function refuse(reason: string): Verdict {
  return { authenticated: false, reason };
}

function urlIn(token: string): URL | undefined {
  const encoded = /^k8s-aws-v1\.([\w-]+)$/.exec(token)?.[1];
  const text = Buffer.from(encoded ?? '', 'base64url').toString('utf8');
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** What is wrong with the request before anybody looks at its signature. */
function faultIn(url: URL, { region, now = Date.now }: AuthenticatorOptions): string | undefined {
  const { searchParams } = url;
  const names = [...searchParams.keys()];
  const signedAt = dateOf(searchParams.get('X-Amz-Date') ?? '');
  const expires = Number(searchParams.get('X-Amz-Expires') ?? Number.NaN);
  const rules: readonly (readonly [boolean, string])[] = [
    [url.protocol === 'https:' && url.pathname === '/', 'not a request to STS'],
    [url.host === `sts.${region}.amazonaws.com`, `the host is ${url.host}`],
    [names.every((name) => PARAMETERS.has(name)), 'there are more parameters than expected'],
    [new Set(names).size === names.length, 'a parameter is there twice'],
    [searchParams.get('Action') === 'GetCallerIdentity', 'the action is another'],
    [searchParams.get('Version') === '2011-06-15', 'the version is another'],
    [searchParams.get('X-Amz-Algorithm') === 'AWS4-HMAC-SHA256', 'the algorithm is another'],
    [searchParams.get('X-Amz-SignedHeaders') === 'host;x-k8s-aws-id', 'the cluster is not among what was signed'],
    [credentialOf(url).scope === `${region}/sts/aws4_request`, 'the scope is another'],
    [expires >= 0 && expires <= LONGEST_EXPIRES_SECONDS, 'it asks for too long a life'],
    [signedAt <= now() + 60_000, 'it is from the future'],
    [now() < signedAt + LIFETIME_MS, 'it is stale'],
  ];
  return rules.find(([holds]) => !holds)?.[1];
}

function credentialOf(url: URL): { readonly accessKeyId?: string; readonly day?: string; readonly scope: string } {
  const [accessKeyId, day, ...scope] = (url.searchParams.get('X-Amz-Credential') ?? '').split('/');
  return { accessKeyId, day, scope: scope.join('/') };
}

/** `20261123T205506Z` as an instant; NaN for anything else. */
function dateOf(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

/** Signature Version 4 of the request with the header that says for which cluster it is. */
function signatureOf(url: URL, clusterName: string, secretAccessKey: string): string {
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join('&');
  const headers = `host:${url.host}\nx-k8s-aws-id:${clusterName}\n`;
  const canonical = ['GET', '/', query, headers, 'host;x-k8s-aws-id', sha256('')].join('\n');
  const { day = '', scope } = credentialOf(url);
  const date = url.searchParams.get('X-Amz-Date') ?? '';
  const toSign = ['AWS4-HMAC-SHA256', date, `${day}/${scope}`, sha256(canonical)].join('\n');
  const key = [day, ...scope.split('/')].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return hmac(key, toSign).toString('hex');
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
