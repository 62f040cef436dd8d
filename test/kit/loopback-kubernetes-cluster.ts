/**
 * What the loopback API server says of itself and of its namespaces: its version, who asks, what is allowed, and the
 * objects that nobody creates in tests. Whoever has only the autoscaler's rights sees none of the latter.
 */
import type { Answer, LoggedRequest, Rules } from './loopback-kubernetes-answers.ts';

/** What is there besides runners. Lists by path, such as `/api/v1/nodes`; what is absent may not be listed. */
export type ClusterSettings = {
  /** Default `1.33`. */
  readonly version?: string;
  readonly lists?: Readonly<Record<string, readonly object[]>>;
  /** Labels of the namespaces; absent: namespaces may not be read. */
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  /** What the autoscaler's group may do, as `create jobs`; absent: nobody may ask for others. */
  readonly groupMay?: (right: string) => boolean;
};

/** The answer to a request that is not about Jobs, Secrets or pods; undefined: it is. */
export function answerAboutCluster(call: LoggedRequest, rules: Rules): Answer | undefined {
  const { version = '1.33', lists = {} } = rules.cluster;
  const [major, minor] = version.split('.');
  if (call.path === '/version') return done({ major, minor, gitVersion: `v${version}.0` });
  if (call.path.includes('selfsubjectreviews')) return done({ status: { userInfo: { username: 'autoscaler' } } });
  if (call.path.endsWith('subjectaccessreviews')) return review(call, rules);
  const namespace = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(call.path)?.[1];
  if (namespace !== undefined) return answerAboutNamespace(namespace, rules);
  const items = lists[call.path];
  if (items !== undefined) return done({ items });
  const listed = /^\/api\/v1\/(?:namespaces\/[^/]+\/)?(nodes|resourcequotas|limitranges)$/.exec(call.path)?.[1];
  return listed === undefined ? undefined : refused(`cannot list resource "${listed}" in API group ""`);
}

function answerAboutNamespace(name: string, { namespaces, cluster: { namespaceLabels: labels } }: Rules): Answer {
  if (labels === undefined) return refused('cannot get resource "namespaces" in API group ""');
  if (namespaces.includes(name)) return done({ metadata: { name, labels } });
  return failure(404, 'NotFound', `namespaces "${name}" not found`);
}

function review({ path, body }: LoggedRequest, { allow, cluster: { groupMay } }: Rules): Answer {
  type Attributes = { readonly verb: string; readonly resource: string; readonly subresource?: string };
  const { resourceAttributes } = (body as { spec: { resourceAttributes: Attributes } }).spec;
  const { verb, resource, subresource } = resourceAttributes;
  const named = subresource === undefined ? resource : `${resource}/${subresource}`;
  if (path.includes('/self')) {
    const known = allow as (verb: string, resource: string) => boolean;
    return done({ status: { allowed: known(verb, named) } }, 201);
  }
  if (groupMay === undefined)
    return refused('cannot create resource "subjectaccessreviews" in API group "authorization.k8s.io"');
  return done({ status: { allowed: groupMay(`${verb} ${named}`) } }, 201);
}

function done(body: unknown, status = 200): Answer {
  return { status, body };
}

function refused(why: string): Answer {
  return failure(403, 'Forbidden', `it is forbidden: User "autoscaler" ${why}`);
}

function failure(code: number, reason: string, message: string): Answer {
  return { status: code, body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code } };
}
