/** What a doctor knows of the deployment that it looks at. Pure. */
import type { Instruments } from './instruments.ts';

/** Which deployment it is, as far as the process can tell. */
export type Whereabouts = Pick<Instruments, 'stateStore' | 'serviceName'>;

/** The Kubernetes groups that a deployment's access entries give to its functions. */
export type KubernetesGroups = { readonly scale: string; readonly report: string };

/** The name of its stack. A function is told it; elsewhere the state's table has it, unless that has a name of its own. */
export function stackName({ stateStore, serviceName }: Whereabouts): string | undefined {
  return serviceName ?? tableOf(stateStore);
}

/** The table of a state store in DynamoDB; undefined for any other. */
export function tableOf(stateStore: string): string | undefined {
  return /^dynamodb:([^:/]+)$/.exec(stateStore)?.[1];
}

/** The groups of its stage. While that is not known, those that every stage is bound to (decision 244). */
export function kubernetesGroups(whereabouts: Whereabouts): KubernetesGroups {
  const stage = /^bitbucket-runner-autoscaler-(.+)$/.exec(stackName(whereabouts) ?? '')?.[1];
  return stage === undefined
    ? { scale: PROGRAM, report: `${PROGRAM}-readonly` }
    : { scale: `${PROGRAM}-scale-${stage}`, report: `${PROGRAM}-report-${stage}` };
}

const PROGRAM = 'bitbucket-runner-autoscaler';
