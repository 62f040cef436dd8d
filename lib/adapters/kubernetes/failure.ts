/**
 * Whatever goes wrong with a call to a cluster, as one sentence with the next step. What a server says is passed on,
 * shortened; of a Secret only what cannot contain its data, since servers quote values that they refuse.
 */
import { ServiceError } from '#core/errors.ts';
import type { Delivery } from '../http/delivery.ts';
import type { Answer, Exchange } from '../http/exchange.ts';
import type { ClusterRequest } from './request.ts';

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
export function reasonOf(answer: Answer): string {
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

/** The error for a delivery that did not end in a success. */
export function failure(
  cluster: NamedCluster,
  request: ClusterRequest,
  { exchange, mayHaveHappened, timeoutMs }: Delivery & { readonly timeoutMs: number },
): ServiceError {
  const target = targetOf(request);
  const advice = cluster.advice?.();
  const facts = { service: 'kubernetes', outcome: mayHaveHappened ? 'unknown' : 'refused' } as const;
  const sentence = (reason: string) => `${cluster.description}: cannot ${target.text}: ${reason}`;
  if (exchange.kind !== 'answer') return new ServiceError(sentence(explainSilence(exchange, timeoutMs, advice)), facts);
  const status = statusOf(exchange);
  return new ServiceError(
    sentence(explain(target, exchange.status, status, advice)),
    { ...facts, status: exchange.status },
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

function statusOf({ text }: Answer): Status {
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

function explainSilence(
  exchange: Exclude<Exchange, Answer>,
  timeoutMs: number,
  { unreachable, untrusted }: Advice = {},
): string {
  switch (exchange.kind) {
    case 'timed-out':
      return `no answer within ${timeoutMs} ms; ${unreachable ?? 'check the network path and the load of the API server'}`;
    case 'unreachable':
      return `it cannot be reached (${exchange.code}); ${unreachable ?? "check the server's address and that the network lets us through"}`;
    case 'untrusted':
      return `${explainTls(exchange.code, untrusted)} (${exchange.code})`;
    case 'not-sent':
      return exchange.error.message;
    case 'connection-lost':
      return `the connection was lost (${exchange.code}); the next tick tries again`;
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
