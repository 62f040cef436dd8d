/** Who calls the API server in tests. On EKS an access entry maps an IAM role to such a group. */

/** A user as the API server knows it after authentication. */
export type Identity = { readonly user: string; readonly groups: readonly string[] };

export const IDENTITIES = {
  /** May do everything; the tests' own hands. */
  admin: { user: 'admin', groups: ['system:masters'] },
  /** The autoscaler itself. */
  autoscaler: { user: 'autoscaler', groups: ['bitbucket-runner-autoscaler-scale-prod'] },
  /** The report, which only looks. */
  readonly: { user: 'report', groups: ['bitbucket-runner-autoscaler-report-prod'] },
  /** The autoscaler of a stack that is older than the manifests. */
  former: { user: 'former', groups: ['bitbucket-runner-autoscaler'] },
  /** The autoscaler of another stage. */
  otherStage: { user: 'other-stage', groups: ['bitbucket-runner-autoscaler-scale-test'] },
  /** Somebody whom the cluster knows and who may do nothing. */
  stranger: { user: 'stranger', groups: [] },
} as const satisfies Readonly<Record<string, Identity>>;

export type IdentityName = keyof typeof IDENTITIES;
