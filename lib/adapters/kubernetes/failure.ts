/**
 * Whatever goes wrong with a call to a cluster, as one sentence with the next step. What a server says is passed on,
 * shortened; of a Secret only what cannot contain its data, since servers quote values that they refuse.
 */
import { InputError, ServiceError } from '#core/errors.ts';
import type { ClusterAnswer, ClusterRequest } from './exchange.ts';

/** What a caller may branch on: the `reason` of Kubernetes' Status object, such as `AlreadyExists`. */
type StatusCause = { readonly statusReason: string };

/** The parts of a Status object that are used. */
type Status = {
  readonly reason: string;
  readonly message: string;
  readonly fields: readonly string[];
};

/** A cluster as messages name it, and what to do about it, which depends on how we came to know it. */
export type NamedCluster = {
  /** Such as `cluster "ci" (https://10.0.0.1:6443)`. */
  readonly description: string;
  /** Instead of what suits a kubeconfig. */
  advice?(): Advice;
};

/** The next step, by what is wrong: not let in, no way there, or not the server that it should be. */
export type Advice = {
  readonly unauthorized?: string;
  readonly unreachable?: string;
  readonly untrusted?: string;
};

const MESSAGE_LIMIT = 400;

/** The Status reason behind an error of this module; undefined when the server gave none. */
export function statusReason(error: unknown): string | undefined {
  const cause = error instanceof ServiceError ? (error.cause as Partial<StatusCause> | undefined) : undefined;
  return cause?.statusReason;
}

/** The Status reason of an answer; empty when it has none. */
export function reasonOf(answer: ClusterAnswer): string {
  return statusOf(answer).reason;
}

/** What the request did, for the start of a sentence: `create jobs in namespace "runners"`. */
type Target = {
  readonly verb: string;
  readonly resource: string;
  readonly group: string;
  readonly namespace: string;
  readonly text: string;
};

function targetOf({ method, path }: ClusterRequest): Target {
  const [, group = '', namespace = '', resource = '', name] =
    /^\/(?:api|apis\/([^/]+))\/[^/]+\/namespaces\/([^/]+)\/([^/]+)(?:\/([^/]+))?/.exec(path) ?? [];
  const verb = { GET: name === undefined ? 'list' : 'get', POST: 'create', PATCH: 'patch', DELETE: 'delete' }[method];
  const text = resource === '' ? `${method} ${path}` : `${verb} ${resource} in namespace "${namespace}"`;
  return { verb, resource, group, namespace, text };
}

/** The error for an answer that is not a success. */
export function answerFailure(
  cluster: NamedCluster,
  request: ClusterRequest,
  answer: ClusterAnswer,
  outcome: ServiceError['outcome'],
): ServiceError {
  const target = targetOf(request);
  const status = statusOf(answer);
  return new ServiceError(
    `${cluster.description}: cannot ${target.text}: ${explain(target, answer.status, status, cluster.advice?.())}`,
    { service: 'kubernetes', outcome, status: answer.status },
    { cause: { statusReason: status.reason } satisfies StatusCause },
  );
}

function explain(target: Target, code: number, status: Status, advice: Advice = {}): string {
  if (code === 401) {
    const { unauthorized = 'log in again, or check what the kubeconfig gives as credentials' } = advice;
    return `the credentials are not accepted (401); ${unauthorized}`;
  }
  if (code === 403 && status.message.includes('User "system:anonymous"')) {
    return 'the cluster does not know who is asking (403, system:anonymous); log in again, or check what the kubeconfig gives as credentials';
  }
  if (code === 403 && isMissingRight(status.message)) {
    const resource = target.group === '' ? target.resource : `${target.resource}.${target.group}`;
    return `not allowed (403): ${target.verb} ${resource} in namespace "${target.namespace}" is missing; apply the Role of the runner namespace`;
  }
  if (code === 404 && /namespaces? "[^"]+" not found/.test(status.message)) {
    return `the namespace "${target.namespace}" does not exist; create it, or correct the group's namespace`;
  }
  if (code === 429 || code >= 500) return `the API server is overloaded or unwell (${code}${said(target, status)})`;
  return `refused (${code}${said(target, status)})${stepAfterRefusal(status)}`;
}

/** What to do about a refusal, by the words in which the server gives it. */
function stepAfterRefusal(status: Status): string {
  if (isQuotaExceeded(status)) return '; raise the quota, or lower max of the groups in this namespace';
  if (status.message.includes('is being terminated')) {
    return '; wait until the namespace is gone and create it anew, or give the groups another one';
  }
  if (refuserOf(status) !== '') return '; change the template to what that rule allows, or ask whoever keeps it';
  if (status.reason === 'Invalid' || status.reason === 'BadRequest') {
    return '; correct the Job template, where validate names the line of what it knows';
  }
  return '';
}

function isQuotaExceeded({ message }: Status): boolean {
  return message.includes('exceeded quota');
}

function isMissingRight(message: string): boolean {
  return /cannot \w+ resource/.test(message);
}

/** `, Invalid: spec.template: …` */
function said(target: Target, status: Status): string {
  const quotable =
    target.resource !== 'secrets' || isQuotaExceeded(status) || status.message.includes('is being terminated');
  const text = quotable
    ? status.message
    : [refuserOf(status), ...status.fields].filter((part) => part !== '').join(', ');
  return `${status.reason === '' ? '' : `, ${status.reason}`}${text === '' ? '' : `: ${shorten(text)}`}`;
}

/** Who refused, by name and without its reasons, which may quote what it was shown. */
function refuserOf({ message }: Status): string {
  const [refuser = ''] = /ValidatingAdmissionPolicy '[\w.-]+'|admission webhook "[\w.-]+"/.exec(message) ?? [];
  return refuser;
}

function statusOf({ text }: ClusterAnswer): Status {
  try {
    const { reason, message, details } = JSON.parse(text) as {
      reason?: unknown;
      message?: unknown;
      details?: { causes?: readonly { field?: unknown }[] };
    };
    const fields = (details?.causes ?? []).map(({ field }) => (typeof field === 'string' ? field : ''));
    return { reason: textOf(reason), message: textOf(message), fields: fields.filter((field) => field !== '') };
  } catch {
    // A proxy or load balancer answered; its page helps nobody.
    return { reason: '', message: '', fields: [] };
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= MESSAGE_LIMIT ? line : `${line.slice(0, MESSAGE_LIMIT)}…`;
}

/** The error for an answer of status 2xx whose body is not what it should be. */
export function malformedAnswer(cluster: string, request: ClusterRequest, what: string): ServiceError {
  return new ServiceError(
    `${cluster}: cannot ${targetOf(request).text}: the answer is ${what}; check that the server is a Kubernetes API server`,
    { service: 'kubernetes', outcome: 'unknown' },
  );
}

/** The ways in which an exchange breaks off. `connect`: nothing was sent. */
export type Breakage = 'connect' | 'lost' | 'timeout' | 'tls' | 'credentials';

const CONNECT_CODES = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Codes of a failed handshake: OpenSSL's for chains, Node's for names and for peers that do not speak TLS. */
const TLS_CODES = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|EPROTO)/;

/** What kind of failure Node's error is. */
export function breakageOf(error: unknown): Breakage {
  if (error instanceof CredentialsError || error instanceof InputError) return 'credentials';
  const { name, code = '' } = error as { name?: string; code?: unknown };
  if (name === 'TimeoutError') return 'timeout';
  if (CONNECT_CODES.has(String(code))) return 'connect';
  return TLS_CODES.test(String(code)) ? 'tls' : 'lost';
}

/** There are no credentials to send: the kubeconfig's plugin or file failed, or AWS. The message is safe to show. */
export class CredentialsError extends Error {}

/** Whether the exchange broke because what we know of the cluster (its address, its CA) may no longer be true. */
export function isOutdated(error: unknown): boolean {
  // A cluster that was made anew under its old name leaves a host name that does not exist.
  return breakageOf(error) === 'tls' || (error as { code?: unknown }).code === 'ENOTFOUND';
}

/** The error for an exchange that broke off. */
export function brokenExchange(
  cluster: NamedCluster,
  request: ClusterRequest,
  error: unknown,
  { outcome, timeoutMs }: { readonly outcome: ServiceError['outcome']; readonly timeoutMs: number },
): ServiceError {
  const explanation = explainBreakage(error, timeoutMs, cluster.advice?.());
  return new ServiceError(
    `${cluster.description}: cannot ${targetOf(request).text}: ${explanation}`,
    { service: 'kubernetes', outcome },
    { cause: error },
  );
}

function explainBreakage(error: unknown, timeoutMs: number, { unreachable, untrusted }: Advice = {}): string {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  switch (breakageOf(error)) {
    case 'timeout':
      return `no answer within ${timeoutMs} ms; ${unreachable ?? 'check the network path and the load of the API server'}`;
    case 'connect':
      return `it cannot be reached (${code}); ${unreachable ?? "check the server's address and that the network lets us through"}`;
    case 'tls':
      return `${explainTls(code, untrusted)} (${code})`;
    case 'credentials':
      return message;
    case 'lost':
      return `the connection was lost (${code === '' ? shorten(message) : code}); the next tick tries again`;
  }
}

function explainTls(code: string, untrusted = 'update certificate-authority-data'): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return "the server's certificate is for another host name; correct the address, or set tls-server-name";
  }
  if (code === 'CERT_HAS_EXPIRED') return "the server's certificate has expired; renew it";
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) {
    return 'TLS failed; check that the address is that of an API server, the https port included, and the client certificate';
  }
  return `the server's certificate is not from the CA that we were given; ${untrusted}`;
}
