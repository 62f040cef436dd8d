/**
 * Whatever goes wrong with a call to a cluster, as one sentence with the next step. What a server says is passed on,
 * shortened; of a Secret only what cannot contain its data, since servers quote values that they refuse.
 */
import * as z from 'zod';
import { ServiceError } from '#core/errors.ts';
import { jsonIn } from '#yaml/values.ts';
import { type Delivery, effectOf } from '../http/delivery.ts';
import { type Answer, type Exchange, oneLine, sizeText } from '../http/exchange.ts';
import type { ClusterRequest } from './cluster-client.ts';

/** The parts of Kubernetes' Status object that are used. Callers branch on the `reason`, such as `AlreadyExists`. */
const Status = z.object({
  reason: z.string().catch(''),
  message: z.string().catch(''),
  details: z.object({ causes: z.array(z.object({ field: z.string().catch('') })) }).catch({ causes: [] }),
});
type Status = z.output<typeof Status>;

/** A cluster as messages name it. `advice`: next steps instead of those that suit a kubeconfig. */
export type NamedCluster = {
  /** Such as `cluster "ci" (https://10.0.0.1:6443)`. */
  readonly description: string;
  advice?(): Advice;
};

/** The next step, by what is wrong: not let in, no way there, or not the server that it should be. */
export type Advice = { readonly unauthorized?: string; readonly unreachable?: string; readonly untrusted?: string };

const LONGEST_QUOTE = 400;

/** The Status reason behind an error of this module; undefined when the server gave none. */
export function statusReason(error: unknown): string | undefined {
  const cause = error instanceof ServiceError ? (error.cause as { statusReason?: string } | undefined) : undefined;
  return cause?.statusReason;
}

/** Whether the error says that we lack a right, and not that somebody refused what we may do in general. */
export function isMissingRight(error: unknown): boolean {
  const cause = error instanceof ServiceError ? (error.cause as { missingRight?: boolean } | undefined) : undefined;
  return cause?.missingRight === true;
}

/** The Status reason of an answer; empty when it has none. */
export function reasonOf(answer: Answer): string {
  return statusOf(answer).reason;
}

function targetOf({ method, path }: ClusterRequest) {
  const [, group = '', namespace = '', resource = '', name] =
    /^\/(?:api|apis\/([^/]+))\/[^/]+\/namespaces\/([^/]+)\/([^/]+)(?:\/([^/]+))?/.exec(path) ?? [];
  const verb = { GET: name === undefined ? 'list' : 'get', POST: 'create', PATCH: 'patch', DELETE: 'delete' }[method];
  /** What the request did, for the start of a sentence: `create jobs in namespace "runners"`. */
  const text = resource === '' ? `${method} ${path}` : `${verb} ${resource} in namespace "${namespace}"`;
  return { verb, resource, group, namespace, text };
}

type Target = ReturnType<typeof targetOf>;

/** The error for a delivery that did not end in a success. */
export function failure(
  cluster: NamedCluster,
  request: ClusterRequest,
  delivery: Delivery & { readonly timeoutMs: number },
): ServiceError {
  const { exchange, timeoutMs } = delivery;
  const target = targetOf(request);
  const advice = cluster.advice?.() ?? {};
  const fail = (reason: string, options?: ErrorOptions) => {
    const sentence = `${cluster.description}: cannot ${target.text}: ${reason}`;
    return new ServiceError(sentence, { service: 'kubernetes', ...effectOf(delivery) }, options);
  };
  if (exchange.kind !== 'answer') return fail(explainSilence(exchange, timeoutMs, advice));
  const status = statusOf(exchange);
  const missingRight = exchange.status === 403 && isAboutRights(status);
  const cause = { statusReason: status.reason, ...(missingRight && { missingRight }) };
  return fail(explain(target, exchange.status, status, advice), { cause });
}

const LOG_IN = 'log in again, or check what the kubeconfig gives as credentials';

function explain(target: Target, code: number, status: Status, { unauthorized = LOG_IN }: Advice): string {
  if (code === 401) return `the credentials are not accepted (401); ${unauthorized}`;
  if (code === 403 && status.message.includes('User "system:anonymous"')) {
    return `the cluster does not know who is asking (403, system:anonymous); ${LOG_IN}`;
  }
  if (code === 403 && isAboutRights(status)) {
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
  if (isTerminating(status)) {
    return '; wait until the namespace is gone and create it anew, or give the groups another one';
  }
  if (refuserOf(status) !== '') return '; change the template to what that rule allows, or ask whoever keeps it';
  if (status.reason === 'Invalid' || status.reason === 'BadRequest') {
    return '; correct the Job template, where validate names the line of what it knows';
  }
  return '';
}

const isAboutRights = ({ message }: Status) => /cannot \w+ resource/.test(message);
const isQuotaExceeded = ({ message }: Status) => message.includes('exceeded quota');
const isTerminating = ({ message }: Status) => message.includes('is being terminated');

/** `, Invalid: spec.template: …` */
function said(target: Target, status: Status): string {
  const quotable = target.resource !== 'secrets' || isQuotaExceeded(status) || isTerminating(status);
  const names = [refuserOf(status), ...status.details.causes.map(({ field }) => field)];
  const text = quotable ? status.message : names.filter((name) => name !== '').join(', ');
  return `${status.reason && `, ${status.reason}`}${text && `: ${oneLine(text, LONGEST_QUOTE)}`}`;
}

/** Who refused, by name and without its reasons, which may quote what it was shown. */
function refuserOf({ message }: Status): string {
  return /ValidatingAdmissionPolicy '[\w.-]+'|admission webhook "[\w.-]+"/.exec(message)?.[0] ?? '';
}

function statusOf({ text }: Answer): Status {
  // Without one a proxy or load balancer answered; its page helps nobody.
  return Status.safeParse(jsonIn(text)).data ?? { reason: '', message: '', details: { causes: [] } };
}

/** The error for an answer of status 2xx that is not JSON. */
export function malformedAnswer(cluster: string, request: ClusterRequest): ServiceError {
  return new ServiceError(
    `${cluster}: cannot ${targetOf(request).text}: the answer is not JSON; check that the server is a Kubernetes API server`,
    { service: 'kubernetes', outcome: 'unknown' },
  );
}

function explainSilence(silence: Exclude<Exchange, Answer>, timeoutMs: number, advice: Advice): string {
  const { unreachable, untrusted } = advice;
  switch (silence.kind) {
    case 'too-large':
      return `the answer is larger than ${sizeText(silence.bytes)}, so it is not used; look for objects of that size in the namespace`;
    case 'timed-out':
      return `no answer within ${timeoutMs} ms; ${unreachable ?? 'check the network path and the load of the API server'}`;
    case 'unreachable':
      return `it cannot be reached (${silence.code}); ${unreachable ?? "check the server's address and that the network lets us through"}`;
    case 'untrusted':
      return `${explainTls(silence.code, untrusted)} (${silence.code})`;
    case 'not-sent':
      return silence.error.message;
    case 'connection-lost':
      return `the connection was lost (${silence.code}); the next tick tries again`;
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
