/** The functions: `scale` for the schedule, `report` for people, and `wake`, where it is wanted, for pipelines. */
import { attributeText, nameOf, type Value } from './cloudformation.ts';
import { configSourceValue } from './config-place.ts';
import type { Parameters } from './parameters.ts';
import { tableName } from './table.ts';

/**
 * More than the minute in which an invocation has to be over: the last tick of one that polls begins shortly before its
 * end, and needs time to act. `npm run bench:cost` shows that a tick takes seconds, even when a large fleet grows. Memory, a
 * parameter, is by default the least power of two that holds hundreds of groups there. A tick mostly waits, so half the
 * memory would save cents, and twice as much would gain little.
 */
export const TIMEOUT_SECONDS = 75;

/** What both run on. */
export const RUNTIME = 'nodejs24.x';
export const ARCHITECTURE = 'arm64';

/** A function as osls takes it. */
export type FunctionSettings = {
  readonly memorySize: number;
  readonly timeout: number;
  readonly environment: Readonly<Record<string, Value>>;
  readonly handler: string;
  readonly description: string;
  readonly role: { readonly 'Fn::Sub': string };
  readonly reservedConcurrency?: number;
  readonly maximumRetryAttempts: number;
  readonly maximumEventAge?: number;
};

type Functions = Readonly<Record<'scale' | 'report', FunctionSettings>> & { readonly wake?: FunctionSettings };

/** The functions. */
export function functionsOf(parameters: Parameters): Functions {
  const { memory, shards, reserveConcurrency, secrets, reportSecret = secrets[0] } = parameters;
  const shared = { memorySize: memory, timeout: TIMEOUT_SECONDS };
  return {
    scale: {
      ...shared,
      environment: environmentOf(parameters, secrets[0]),
      handler: 'dist/scale.handler',
      description: 'One tick: looks, decides, creates and retires runners. Invoked by the schedule.',
      role: attributeText('ScaleRole', 'Arn'),
      // One tick at a time for each shard: what comes meanwhile waits for a minute at most, and is then dropped.
      ...(reserveConcurrency ? { reservedConcurrency: shards } : {}),
      maximumRetryAttempts: 0,
      maximumEventAge: 60,
    },
    report: {
      ...shared,
      environment: environmentOf(parameters, reportSecret),
      handler: 'dist/report.handler',
      description: 'The dry run: what scale would do now, and why. Invoked by hand; may only read.',
      role: attributeText('ReportRole', 'Arn'),
      maximumRetryAttempts: 0,
    },
    ...(parameters.wake && { wake: wakeFunction(parameters) }),
  };
}

function environmentOf(parameters: Parameters, defaultSecret: string): Record<string, Value> {
  const { clusters, clusterRoles, groupMetrics } = parameters;
  const [only, ...others] = clusters;
  const isOnly = only !== undefined && only.region === undefined && others.length + clusterRoles.length === 0;
  return {
    ...commonEnvironment(parameters),
    BITBUCKET_SECRET_ID: defaultSecret,
    ...(isOnly ? { EKS_CLUSTER_NAME: only.name } : {}),
    GROUP_METRICS: String(groupMetrics),
  };
}

function commonEnvironment(parameters: Parameters): Record<string, Value> {
  const { proxy } = parameters;
  return {
    CONFIG_SOURCE: configSourceValue(parameters),
    STATE_STORE: `dynamodb:${tableName(parameters)}`,
    ...(proxy && { HTTPS_PROXY: proxy.address, ...(proxy.exceptions && { NO_PROXY: proxy.exceptions }) }),
    // Two deployments of one account must not pass for each other in metrics and alarms.
    POWERTOOLS_SERVICE_NAME: nameOf(parameters),
  };
}

/** Strangers can call it: what they cost and how many they keep waiting ends here. */
export const WAKE_CONCURRENCY = 5;

/** A request waits for a handful of calls. Where several of them need all their tries, Lambda ends it, and the step asks again. */
const WAKE_TIMEOUT_SECONDS = 20;

function wakeFunction(parameters: Parameters): FunctionSettings {
  const { memory, shards, everyMinutes, reserveConcurrency, webhookSecret } = parameters;
  return {
    memorySize: memory,
    timeout: WAKE_TIMEOUT_SECONDS,
    environment: {
      ...commonEnvironment(parameters),
      SCALE_FUNCTION: `${nameOf(parameters)}-scale`,
      SHARDS: String(shards),
      SCALE_EVERY_MINUTES: String(everyMinutes),
      ...(webhookSecret && { WEBHOOK_SECRET_ID: webhookSecret }),
    },
    handler: 'dist/wake.handler',
    description: 'Takes the requests of pipelines for runners, and events of Bitbucket. Anybody may call its URL.',
    role: attributeText('WakeRole', 'Arn'),
    ...(reserveConcurrency ? { reservedConcurrency: WAKE_CONCURRENCY } : {}),
    maximumRetryAttempts: 0,
  };
}
