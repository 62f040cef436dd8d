/**
 * Whether whoever acts may do in a namespace what ticks do there. The API server itself is asked, which changes nothing: for
 * the group that deployments have, where we may ask for others, else for ourselves.
 */
import type { ClusterClient } from '#adapters/kubernetes/cluster-client.ts';
import { isMissingRight } from '#adapters/kubernetes/failure.ts';
import type { ClusterSettings } from '#core/model/configuration.ts';
import { duration } from '#core/quantities.ts';
import { type Check, failed, failedBy, NOT_ALLOWED, ok, skipped } from './check.ts';
import type { KubernetesGroups } from './deployment.ts';

/** One right in a namespace. */
type Right = {
  readonly verb: string;
  readonly resource: string;
  readonly group?: string;
  readonly subresource?: string;
};

/** The rights of the Role that is bound to the autoscaler's group: every tick that acts needs all of them. */
const ROLE_RIGHTS: readonly Right[] = [
  { verb: 'create', resource: 'jobs', group: 'batch' },
  { verb: 'list', resource: 'jobs', group: 'batch' },
  { verb: 'delete', resource: 'jobs', group: 'batch' },
  { verb: 'create', resource: 'secrets' },
  { verb: 'list', resource: 'pods' },
  { verb: 'patch', resource: 'pods' },
];

/** What the function `report` may do. */
const REPORT_RIGHTS = new Set(['list jobs.batch', 'list pods']);

const LOG_RIGHT: Right = { verb: 'get', resource: 'pods', subresource: 'log' };
const RESIZE_RIGHT: Right = { verb: 'patch', resource: 'pods', subresource: 'resize' };

/** Who is asked about, and what came of it: `create jobs.batch` → whether it is allowed. */
type Verdict = {
  readonly who: string;
  readonly isGroup: boolean;
  readonly allowed: ReadonlyMap<Right, boolean>;
};

/** In whose place the rights are judged. */
export type Actor = {
  readonly self: 'user' | 'report';
  /** The name of our own identity at the cluster, as far as the cluster tells. */
  readonly name: string;
  readonly settings: ClusterSettings | undefined;
  readonly groups: KubernetesGroups;
};

/**
 * A namespace. `subject` names it; `drainGraceMs`: the shortest of its groups; `resizes`: whether one has `whenIdle`; `risk`:
 * what the promise that no build is killed leaves out there.
 */
export type PlaceOfRights = {
  readonly namespace: string;
  readonly subject: string;
  readonly drainGraceMs: number;
  readonly resizes: boolean;
  readonly risk?: string | undefined;
};

/** The checks of one namespace. */
export async function checkRights(
  client: ClusterClient,
  place: PlaceOfRights,
  actor: Actor,
): Promise<readonly Check[]> {
  const { namespace, subject, resizes } = place;
  try {
    const verdict = await askWho(client, namespace, actor);
    return [
      judge(verdict, subject, actor),
      judgeLogs(verdict, place, actor),
      ...(resizes ? [judgeResizes(verdict, subject, actor)] : []),
    ];
  } catch (error) {
    if (isMissingRight(error)) return [skipped('rights', subject, NOT_ALLOWED)];
    return [failedBy('rights', subject, error)];
  }
}

/**
 * The rights of the group. Where nobody may ask for it they are our own; so they are where a kubeconfig leads to a cluster
 * in which the group has no right at all: there the process acts by itself.
 */
async function askWho(client: ClusterClient, namespace: string, { name, settings, groups }: Actor): Promise<Verdict> {
  try {
    const ofGroup = await ask(client, namespace, [groups.scale, 'system:authenticated']);
    const isUnused = ![...ofGroup.values()].includes(true) && settings?.kind === 'kubeconfig';
    if (!isUnused) return { who: `the group ${groups.scale}`, isGroup: true, allowed: ofGroup };
  } catch (error) {
    if (!isMissingRight(error)) throw error;
  }
  return { who: name, isGroup: false, allowed: await ask(client, namespace) };
}

/** Without `groups`, for ourselves. */
async function ask(client: ClusterClient, namespace: string, groups?: readonly string[]) {
  const kind = groups === undefined ? 'SelfSubjectAccessReview' : 'SubjectAccessReview';
  const path = `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`;
  type Review = { readonly status?: { readonly allowed?: boolean } };
  const answers = [...ROLE_RIGHTS, LOG_RIGHT, RESIZE_RIGHT].map(async (right): Promise<[Right, boolean]> => {
    const spec = { resourceAttributes: { namespace, ...right }, ...(groups && { groups }) };
    const body = { apiVersion: 'authorization.k8s.io/v1', kind, spec };
    const { status } = await client.request<Review>('POST', path, { body });
    return [right, status?.allowed === true];
  });
  return new Map(await Promise.all(answers));
}

function judge({ who, isGroup, allowed }: Verdict, subject: string, { self, groups }: Actor): Check {
  const isReport = self === 'report' && !isGroup;
  const needed = isReport ? ROLE_RIGHTS.filter((right) => REPORT_RIGHTS.has(nameOf(right))) : ROLE_RIGHTS;
  const missing = needed.filter((right) => allowed.get(right) !== true).map(nameOf);
  if (missing.length > 0) {
    const next = isGroup
      ? 'apply infra/kubernetes to this namespace'
      : `apply infra/kubernetes to this namespace, and see that ${who} is in the group ${isReport ? groups.report : groups.scale}`;
    return failed('rights', subject, `${who} lacks: ${missing.join(', ')}`, next);
  }
  return isReport
    ? ok('rights', subject, `${who} has both that the report needs; those of the function scale it may not ask for`)
    : ok('rights', subject, `${who} has all`);
}

/** What the promise that no build is killed rests on. Logs are a matter of choice, so that a missing right is no fault. */
function judgeLogs({ who, isGroup, allowed }: Verdict, place: PlaceOfRights, { self }: Actor): Check {
  const { subject, drainGraceMs, risk } = place;
  const except = risk === undefined ? '' : `; with one exception: ${risk}`;
  if (self === 'report' && !isGroup) return skipped('pods-log', subject, 'the report reads no logs, scale may');
  if (allowed.get(LOG_RIGHT) === true) {
    return ok('pods-log', subject, `${who} has it: that no build is killed rests on the runners' own logs${except}`);
  }
  const rests = `that no build is killed rests on drainGrace (${duration(drainGraceMs)})`;
  return skipped('pods-log', subject, `not granted: ${rests}; the component pods-log would grant it${except}`);
}

/** Groups with `whenIdle` ask for it, so that a missing right is a fault there. */
function judgeResizes({ who, isGroup, allowed }: Verdict, subject: string, { self }: Actor): Check {
  if (self === 'report' && !isGroup) return skipped('pods-resize', subject, 'the report resizes no pods, scale may');
  if (allowed.get(RESIZE_RIGHT) === true) return ok('pods-resize', subject, `${who} may`);
  const detail = `${who} lacks: patch pods/resize, so that busy runners keep what idle ones ask for`;
  const next = 'apply the component pods-resize of infra/kubernetes, or leave whenIdle out';
  return failed('pods-resize', subject, detail, next);
}

/** `create jobs.batch` */
function nameOf({ verb, resource, group }: Right): string {
  return `${verb} ${resource}${group === undefined ? '' : `.${group}`}`;
}
