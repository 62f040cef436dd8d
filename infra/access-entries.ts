/** What makes the roles known to the clusters, with the groups that infra/kubernetes binds to rights. */
import type { Resources } from './cloudformation.ts';
import type { Parameters } from './parameters.ts';
import { roleArn } from './roles.ts';

const GROUPS = {
  scale: 'bitbucket-runner-autoscaler',
  report: 'bitbucket-runner-autoscaler-readonly',
} as const;

/** Two entries for every cluster of the stack's own account and region; others cannot be reached from a stack. */
export function accessEntryResources({ clusters, accessEntries }: Parameters): Resources {
  const own = accessEntries ? clusters.filter(({ region }) => region === undefined) : [];
  return Object.fromEntries(own.flatMap(({ name }) => [entry(name, 'scale'), entry(name, 'report')]));
}

function entry(cluster: string, functionName: keyof typeof GROUPS): [string, Resources[string]] {
  // Names of resources take letters and digits only. "a-b" and "ab" must not become one.
  const id = cluster.replaceAll('-', 'Dash').replaceAll('_', 'Underscore');
  return [
    `AccessEntry${functionName === 'scale' ? 'Scale' : 'Report'}${id}`,
    {
      Type: 'AWS::EKS::AccessEntry',
      Properties: {
        ClusterName: cluster,
        PrincipalArn: roleArn[functionName],
        KubernetesGroups: [GROUPS[functionName]],
        Type: 'STANDARD',
      },
    },
  ];
}
