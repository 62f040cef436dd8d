/** The autoscaler's rights in a namespace of runners, as objects to create. */
import type { Manifest } from '../../lib/ports.ts';

/** One line of a Role. */
export type Rule = {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
};

/** Exactly what the autoscaler needs. */
export const AUTOSCALER_RULES: readonly Rule[] = [
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'list', 'delete'] },
  { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
  { apiGroups: [''], resources: ['pods'], verbs: ['list', 'patch'] },
];

const NAME = 'bitbucket-runner-autoscaler';

export function autoscalerRole(rules: readonly Rule[] = AUTOSCALER_RULES): Manifest {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: NAME }, rules };
}

/** Binds the role to the group that an access entry names. */
export function autoscalerRoleBinding(): Manifest {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: NAME },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: NAME },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: NAME }],
  };
}
