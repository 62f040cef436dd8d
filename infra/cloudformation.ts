/** The little of CloudFormation's vocabulary that the fragments share. */
import type { Parameters } from './parameters.ts';

/** A text, or CloudFormation's way to find one out. */
export type Value = string | { readonly [intrinsic: `Fn::${string}`]: unknown } | { readonly Ref: string };

/** A resource as a template carries it. */
export type Resource = {
  readonly Type: string;
  /** Kept when the stack goes, but not when its first deployment fails: the next one could not make it again. */
  readonly DeletionPolicy?: 'RetainExceptOnCreate';
  readonly UpdateReplacePolicy?: 'Retain';
  readonly DependsOn?: readonly string[];
  /** In the plain template: what has to hold for the resource to be made. */
  readonly Condition?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
};

export type Resources = Readonly<Record<string, Resource>>;

/** What a stack tells of itself. `Condition`: as that of a resource. */
export type Outputs = Readonly<
  Record<string, { readonly Description: string; readonly Value: Value; readonly Condition?: string }>
>;

export const SERVICE_NAME = 'bitbucket-runner-autoscaler';

/** What everything of this deployment is named after. */
export function nameOf({ stage }: Pick<Parameters, 'stage'>): string {
  return `${SERVICE_NAME}-${stage}`;
}

/** An ARN of this partition, from the service on; account and region of the stack are `ACCOUNT` and `REGION` in it. */
export function arn(rest: string): Value {
  const text = rest.replace('REGION', `\${AWS::Region}`).replace('ACCOUNT', `\${AWS::AccountId}`);
  return { 'Fn::Sub': `arn:\${AWS::Partition}:${text}` };
}

/** An attribute of a resource of the stack. */
export function attribute(resource: string, name: string): Value {
  return { 'Fn::GetAtt': [resource, name] };
}

/** The same as a text: from `Fn::GetAtt` osls makes a dependency besides, which CloudFormation sees by itself. */
export function attributeText(resource: string, name: string) {
  return { 'Fn::Sub': `\${${resource}.${name}}` };
}
