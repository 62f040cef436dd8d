/** What makes the roles known to the clusters, with the groups that infra/kubernetes binds to rights. */
import { type Resources, SERVICE_NAME } from './cloudformation.ts';
import type { Parameters } from './parameters.ts';
import { roleArn } from './roles.ts';

type FunctionName = keyof typeof roleArn;

/** The Kubernetes group of a function: each stage has its own, so that no stage has rights in the namespaces of another. */
export function kubernetesGroup(functionName: FunctionName, stage: string): string {
  return `${SERVICE_NAME}-${functionName}-${stage}`;
}

/** Two entries for every cluster of the stack's own account and region; others cannot be reached from a stack. */
export function accessEntryResources({ clusters, accessEntries, stage }: Parameters): Resources {
  const own = accessEntries ? clusters.filter(({ region }) => region === undefined) : [];
  return Object.fromEntries(own.flatMap(({ name }) => [entry(name, 'scale', stage), entry(name, 'report', stage)]));
}

function entry(cluster: string, functionName: FunctionName, stage: string): [string, Resources[string]] {
  // Names of resources take letters and digits only. "a-b" and "ab" must not become one.
  const id = cluster.replaceAll('-', 'Dash').replaceAll('_', 'Underscore');
  return [
    `AccessEntry${functionName === 'scale' ? 'Scale' : 'Report'}${id}`,
    {
      Type: 'AWS::EKS::AccessEntry',
      Properties: {
        ClusterName: cluster,
        PrincipalArn: roleArn[functionName],
        KubernetesGroups: [kubernetesGroup(functionName, stage)],
        Type: 'STANDARD',
      },
    },
  ];
}
