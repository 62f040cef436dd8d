/**
 * The same stack as a plain CloudFormation template with Parameters, for whoever has neither Node nor osls: one cluster,
 * one shard, a tick a minute. The fragments are rendered with `${Name}` in place of values, and once more for every
 * option; where an option makes a difference stands a condition. Pure.
 */
import { nameOf, type Outputs, type Resources, SERVICE_NAME } from './cloudformation.ts';
import { dashboardResources } from './dashboard.ts';
import { ARCHITECTURE, type FunctionSettings, functionsOf, RUNTIME } from './functions.ts';
import { type Parameters, readParameters } from './parameters.ts';
import { DESCRIPTION, outputsOf, resourcesOf } from './service.ts';
import { choose } from './template-conditions.ts';
import {
  ALWAYS,
  IS_WOKEN,
  isGiven,
  LISTS,
  OPTIONS,
  type Option,
  RULES,
  type TemplateParameter,
  templateParameters,
} from './template-parameters.ts';

/** A whole template. */
export type Template = {
  readonly Parameters: Readonly<Record<string, TemplateParameter>>;
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly Resources: Resources;
} & Readonly<Record<string, unknown>>;

/** The template of this version, whose code is the object `codeKey`: a new template brings its own code along. */
export function templateOf(version: string, codeKey: string): Template {
  const base: Parameters = {
    ...readParameters({ stage: 'any', values: { clusters: 'any' } }, true),
    ...ALWAYS,
  };
  const whole = OPTIONS.reduce(
    (tree: unknown, { name, over, value }) => {
      const before = { ...base, ...over };
      return choose(conditionOf(name), tree, render(before, codeKey), render({ ...before, ...value }, codeKey));
    },
    render(base, codeKey),
  );
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: `${DESCRIPTION}, version ${version}: one cluster, one shard`,
    Parameters: templateParameters(codeKey),
    Rules: RULES,
    Conditions: {
      ...Object.fromEntries(OPTIONS.map((option) => [conditionOf(option.name), isChosen(option)])),
      [WITH_WAKE]: IS_WOKEN,
    },
    ...(withReferences(onlyWithWake(whole as Rendered, render({ ...base, wake: false }, codeKey))) as Rendered),
  };
}

const WITH_WAKE = 'WithWake';

/** On condition of Wake: what a stack without it does not have. */
function onlyWithWake(whole: Rendered, without: Rendered): Rendered {
  const mark = <Part>(parts: Readonly<Record<string, Part>>, others: object) =>
    Object.fromEntries(
      Object.entries(parts).map(([id, part]) => [id, id in others ? part : { Condition: WITH_WAKE, ...part }]),
    );
  return { Resources: mark(whole.Resources, without.Resources), Outputs: mark(whole.Outputs, without.Outputs) };
}

const conditionOf = (name: string) => `With${name}`;

function isChosen({ name, isFlag, besides }: Option): unknown {
  if (isFlag) return { 'Fn::Equals': [{ Ref: name }, 'true'] };
  return besides === undefined ? isGiven(name) : { 'Fn::And': [isGiven(name), isGiven(besides)] };
}

type Rendered = { readonly Resources: Resources; readonly Outputs: Outputs };

function render(parameters: Parameters, codeKey: string): Rendered {
  const { scale, report, wake } = functionsOf(parameters);
  return {
    Resources: {
      ...functionResources(parameters, 'scale', scale, codeKey),
      ...functionResources(parameters, 'report', report, codeKey),
      ...(wake && functionResources(parameters, 'wake', wake, codeKey)),
      ...resourcesOf(parameters),
      // Of the 51,200 bytes of a template none are left for the graph of the door.
      ...dashboardResources({ ...parameters, wake: false }),
    },
    Outputs: outputsOf(parameters),
  };
}

/** What osls makes of a function. */
function functionResources(
  parameters: Parameters,
  name: string,
  settings: FunctionSettings,
  codeKey: string,
): Resources {
  const { reservedConcurrency, maximumEventAge } = settings;
  const { vpc } = parameters;
  const id = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const fullName = `${nameOf(parameters)}-${name}`;
  return {
    [`${id}LogGroup`]: {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: `/aws/lambda/${fullName}`, RetentionInDays: { Ref: 'LogRetention' } },
    },
    [`${id}LambdaFunction`]: {
      Type: 'AWS::Lambda::Function',
      DependsOn: [`${id}LogGroup`],
      Properties: {
        Code: { S3Bucket: { Ref: 'CodeBucket' }, S3Key: `\${CodePrefix}${codeKey}` },
        Handler: settings.handler,
        Runtime: RUNTIME,
        FunctionName: fullName,
        MemorySize: { Ref: 'Memory' },
        Timeout: settings.timeout,
        Architectures: [ARCHITECTURE],
        Description: settings.description,
        Tags: [{ Key: 'service', Value: SERVICE_NAME }],
        Environment: { Variables: settings.environment },
        Role: settings.role,
        ...(vpc && { VpcConfig: { SecurityGroupIds: vpc.securityGroupIds, SubnetIds: vpc.subnetIds } }),
        ...(reservedConcurrency && { ReservedConcurrentExecutions: reservedConcurrency }),
      },
    },
    [`${id}LambdaEvConf`]: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: { Ref: `${id}LambdaFunction` },
        Qualifier: '$LATEST',
        ...(maximumEventAge && { MaximumEventAgeInSeconds: maximumEventAge }),
        MaximumRetryAttempts: settings.maximumRetryAttempts,
      },
    },
  };
}

/** Each `${Name}` as CloudFormation resolves it: a reference, a list, or a part of a text. */
function withReferences(value: unknown): unknown {
  if (typeof value === 'string') {
    const name = /^\$\{(\w+)\}$/.exec(value)?.[1];
    if (name !== undefined) return { Ref: name };
    return value.includes('${') ? { 'Fn::Sub': value } : value;
  }
  if (Array.isArray(value)) return listOf(value) ?? value.map(withReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key.replaceAll(/\$\{(\w+)\}/g, '$1'),
      key === 'Fn::Sub' ? one : withReferences(one),
    ]),
  );
}

/** A list that is given as a whole, with commas. */
function listOf([first, ...others]: readonly unknown[]): unknown {
  const name = LISTS.find((list) => first === `\${${list}}` && others.length === 0);
  return name && { 'Fn::Split': [',', { Ref: name }] };
}
