/**
 * What both functions are made of: an event in, one tick (or several, where the configuration asks for it), the last
 * report out. Every tick is logged and measured by itself, whatever becomes of it.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { readTelemetry } from '#adapters/environment.ts';
import { closeRestingConnections } from '#adapters/http/connections.ts';
import { createLogger, logReport, logWarnings } from '#adapters/telemetry/log.ts';
import { createMetrics, emit, metricsOf, metricsOfFailure, metricsOfInvocation } from '#adapters/telemetry/metrics.ts';
import { redactText } from '#adapters/telemetry/redact.ts';
import { InputError, ServiceError, sentenceOf } from '#core/errors.ts';
import type { Mode, Report } from '#core/model/report.ts';
import { hasFailed } from '#core/report.ts';
import { hashOf, leaseName } from '#core/select.ts';
import { visible } from '#core/visible.ts';
import type { Diagnosis } from '#doctor/check.ts';
import type { Configuration } from './configuration.ts';
import { readEvent, type TickEvent } from './event.ts';
import { type Pace, poll, shiftOf } from './poll.ts';
import { type Doors, openFunction, runTick, type TickOrder } from './tick.ts';

const { serviceName, groupMetrics: perGroup } = readTelemetry();
const logger = createLogger(serviceName);
const metrics = createMetrics(serviceName);
let doors: Doors | undefined;

/** What a tick came to: a report, or an error, or both when the report has failures in it. */
type Attempt = { readonly report?: Report; readonly error?: unknown };

type ModeOf = (event: TickEvent) => Mode;

/** What a function does besides ticks: looks whether all is well. */
export type Examine = (event: TickEvent, doors: Doors) => Promise<Diagnosis>;

/** What a function may be given besides the mode of its ticks. */
type HandlerOptions = {
  /** Waits between ticks. */
  readonly sleep?: Pace['sleep'];
  /** Absent: the function refuses to be a doctor. */
  readonly examine?: Examine;
};

/**
 * The handler of a function. `modeOf` tells from the event whether to act. When anything failed in any tick, the
 * invocation then fails with one sentence, so that its error metric is true; what a doctor finds is an answer.
 */
export function createHandler(modeOf: ModeOf, { sleep = (ms) => wait(ms), examine }: HandlerOptions = {}) {
  return middy<unknown, Report | Diagnosis>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .handler(async (event: unknown, context: Context) => {
      const asked = read(event);
      if (asked.request?.doctor === true) return examineFor(asked.request, examine);
      const attempts =
        asked.request === undefined
          ? [failedAttempt(asked.error, modeOf({}))]
          : await invoke(asked.request, modeOf, () => context.getRemainingTimeInMillis(), sleep);
      closeRestingConnections();
      const failed = attempts.findLast(({ error }) => error !== undefined);
      const report = attempts.at(-1)?.report;
      if (failed !== undefined || report === undefined) throw withoutStack(failed?.error);
      return report;
    });
}

/** What an event asks for, or why it cannot be told. */
type Asked = { readonly request: TickEvent } | { readonly request?: undefined; readonly error: unknown };

function read(event: unknown): Asked {
  try {
    return { request: readEvent(event) };
  } catch (error) {
    return { error };
  }
}

async function examineFor(request: TickEvent, examine: Examine | undefined): Promise<Diagnosis> {
  try {
    if (examine === undefined)
      throw new InputError('This function only ticks; send {"doctor": true} to the function report.');
    doors ??= openFunction();
    const diagnosis = await examine(request, doors);
    logger.info('A doctor has looked.', { diagnosis });
    return diagnosis;
  } catch (error) {
    logFailure(error);
    throw withoutStack(error);
  } finally {
    closeRestingConnections();
  }
}

async function invoke(
  request: TickEvent,
  modeOf: ModeOf,
  remainingMs: () => number,
  sleep: Pace['sleep'],
): Promise<readonly Attempt[]> {
  const mode = modeOf(request);
  try {
    doors ??= openFunction();
    const configuration = await loadConfiguration(doors, mode);
    const order = orderOf({ request, mode, remainingMs, configuration });
    const open = doors;
    const goesOn = request.wake === undefined ? isAlone : (latest: Attempt) => !isAlone(latest);
    const attempts = await poll(() => attempt(() => runTick(open, order), mode), goesOn, paceOf(order, sleep));
    const reports = attempts.flatMap(({ report }) => report ?? []);
    // That somebody wakes groups must not hide that the schedule is silent.
    if (request.wake === undefined) emit(metrics, metricsOfInvocation(reports, request.shard?.index));
    return attempts;
  } catch (error) {
    return [failedAttempt(error, mode)];
  }
}

/** Once per invocation, also for several ticks. */
async function loadConfiguration({ loadConfiguration: load }: Doors, mode: Mode): Promise<Configuration> {
  const configuration = await load({ now: Date.now(), mode });
  const { warnings, circumstances, problems } = configuration;
  logWarnings(logger, warnings);
  for (const note of circumstances.notes) logger.warn(note, { problems });
  return configuration;
}

/** Our door asks for a look at a workspace: at its groups of today. */
function orderOf(order: TickOrder): TickOrder {
  const { wake } = order.request;
  if (wake === undefined) return order;
  const groups = order.configuration.fleet.groups.filter(({ scope }) => scope.workspace === wake);
  return { ...order, request: { ...order.request, groups: groups.map(({ name }) => name) } };
}

/** A woken look waits for others that come at once, and begins again while another tick has the lease. */
const WOKEN = { shiftMs: 250, everyMs: 2_000 } as const;

/** Only the schedule wants more than one tick: whoever asks for groups or for a dry run waits for an answer. */
function paceOf({ request, mode, configuration, remainingMs }: TickOrder, sleep: Pace['sleep']): Pace | undefined {
  if (request.wake !== undefined) return { ...WOKEN, remainingMs, sleep };
  const everyMs = configuration.fleet.pollEveryMs;
  if (everyMs === undefined || mode === 'plan' || request.groups !== undefined) return undefined;
  // Stacks and shards that share a credential begin at different moments, each at the same one every time.
  const spread = hashOf(`${serviceName} ${leaseName(request)}`);
  return { everyMs, shiftMs: shiftOf(spread, everyMs), remainingMs, sleep };
}

/** Who finds the lease taken leaves the rest of the minute to the one that has it. */
function isAlone({ report }: Attempt): boolean {
  return report?.tick.skipped === undefined;
}

async function attempt(tick: () => Promise<Report>, mode: Mode): Promise<Attempt> {
  try {
    const report = await tick();
    logReport(logger, report);
    emit(metrics, metricsOf(report, { perGroup }));
    return hasFailed(report) ? { report, error: new FailedTick(describeFailure(report)) } : { report };
  } catch (error) {
    return failedAttempt(error, mode);
  }
}

function failedAttempt(error: unknown, mode: Mode): Attempt {
  logFailure(error);
  emit(metrics, metricsOfFailure(mode));
  return { error };
}

/** A tick whose report, already logged, has failures in it. */
class FailedTick extends Error {
  override readonly name = 'FailedTick';
}

function describeFailure({ tick, groups, problems }: Report): string {
  const failed = groups.filter(
    (group) => group.problems.length > 0 || group.outcomes.some(({ status }) => status === 'failed'),
  );
  const names = failed.map(({ name }) => name).join(', ');
  const where = failed.length === 0 ? '' : ` in ${failed.length} of ${groups.length} groups (${names})`;
  const why = problems.length === 0 ? 'see the log lines of tick' : `${problems.join(' ')} See the log lines of tick`;
  return `The tick failed${where}: ${why} ${tick.id}.`;
}

/** What the autoscaler foresees is told in a sentence; anything else is a defect, and its stack helps to mend it. */
function logFailure(error: unknown): void {
  const foreseen = error instanceof InputError || error instanceof ServiceError;
  logger.error(`The tick failed: ${sentenceOf(error)}`, ...(foreseen ? [] : [error as Error]));
}

/** Lambda prints an invocation's error with its stack; the stack of a finding says nothing. */
function withoutStack(error: unknown): Error {
  const finding = new Error(visible(redactText(sentenceOf(error))));
  finding.name = error instanceof Error ? error.name : 'Error';
  finding.stack = `${finding.name}: ${finding.message}`;
  return finding;
}
