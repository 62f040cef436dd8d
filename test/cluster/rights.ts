/** Who may do what, as the API server itself tells it, and the shipped files before it. */
import { type Cluster, eventually, pathOf } from './cluster.ts';
import type { IdentityName } from './identities.ts';
import { type Rule, runnerNamespaceObjects } from './runner-namespace.ts';

/** A verb and what it is for, such as `create jobs.batch`. */
export type Right = string;

/** The Role that is bound to each identity's group. */
const ROLES = {
  autoscaler: 'bitbucket-runner-autoscaler',
  readonly: 'bitbucket-runner-autoscaler-readonly',
} as const;

/** An identity that we ship a Role for. */
export type ShippedIdentity = keyof typeof ROLES;

/** Each right by itself, sorted. */
export function rightsIn(rules: readonly Rule[]): readonly Right[] {
  return rules
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => `${verb} ${group === '' ? resource : `${resource}.${group}`}`),
        ),
      ),
    )
    .toSorted();
}

/** What the shipped Role gives. */
export function shippedRights(identity: ShippedIdentity): readonly Right[] {
  return rightsIn(shippedRules(identity));
}

function shippedRules(identity: ShippedIdentity): readonly Rule[] {
  const roles = runnerNamespaceObjects('any').filter(({ kind }) => kind === 'Role');
  return roles.find(({ metadata }) => metadata.name === ROLES[identity])?.rules as readonly Rule[];
}

/** Everything that the identity may do in the namespace, by its own asking, wherever the right comes from. */
export async function rightsOf(cluster: Cluster, identity: IdentityName, namespace: string): Promise<readonly Right[]> {
  type Review = { readonly status: { readonly resourceRules: readonly Rule[]; readonly incomplete: boolean } };
  const api = 'authorization.k8s.io/v1';
  const { status } = await cluster.clientOf(identity).request<Review>('POST', `/apis/${api}/selfsubjectrulesreviews`, {
    body: { apiVersion: api, kind: 'SelfSubjectRulesReview', spec: { namespace } },
  });
  if (status.incomplete) throw new Error('the API server does not know all of the rights');
  return rightsIn(status.resourceRules);
}

/** Takes one right out of the identity's Role in the namespace, and waits until that has arrived. */
export async function takeAway(
  cluster: Cluster,
  { namespace }: { readonly namespace: string },
  identity: ShippedIdentity,
  right: Right,
): Promise<void> {
  const rules = shippedRules(identity).map((rule) => ({
    ...rule,
    verbs: rule.verbs.filter((verb) => !rightsIn([{ ...rule, verbs: [verb] }]).includes(right)),
  }));
  await cluster.admin.request('PATCH', `${pathOf(namespace, 'roles')}/${ROLES[identity]}`, {
    body: { rules: rules.filter(({ verbs }) => verbs.length > 0) },
    contentType: 'application/merge-patch+json',
  });
  await eventually(async () => {
    const left = await rightsOf(cluster, identity, namespace);
    if (left.includes(right)) throw new Error(`${right}: the change of rights has not arrived`);
  });
}
