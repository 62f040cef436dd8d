/**
 * What both functions are made of: an event in, one tick, its report out. Clients outlive the invocation, since a warm
 * function is called every minute; the clock is read here and nowhere further in.
 */
import { randomUUID } from 'node:crypto';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { readEnvironment, readTelemetry } from '../lib/config/environment.ts';
import { InputError, ServiceError, sentenceOf } from '../lib/errors.ts';
import { createLogger, logReport, logWarnings } from '../lib/log.ts';
import { createMetrics, emit, metricsOf, metricsOfFailure } from '../lib/metrics.ts';
import type { Mode, Report } from '../lib/model.ts';
import { reconcile } from '../lib/reconcile.ts';
import { redactText } from '../lib/redact.ts';
import { hasFailed } from '../lib/report.ts';
import { wire } from '../lib/wiring.ts';
import { createConfigurationLoader } from './configuration.ts';
import { readEvent, type TickEvent } from './event.ts';

/** A lease outlives the invocation that took it by this much, so that a killed one is over before the next begins. */
const LEASE_MARGIN_MS = 5_000;

/** An action that begins with less than this left may be cut off by the function's time-out. */
const ACTION_TAKES_MS = 15_000;

const { serviceName, groupMetrics: perGroup } = readTelemetry();
const logger = createLogger(serviceName);
const metrics = createMetrics(serviceName);
let doors: ReturnType<typeof openDoors> | undefined;

/**
 * The handler of a function. `modeOf` tells from the event whether to act. The report is logged and measured in any
 * case; when anything in it failed, the invocation then fails with one sentence, so that its error metric is true.
 */
export function createHandler(modeOf: (event: TickEvent) => Mode) {
  return middy<unknown, Report>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(logMetrics(metrics))
    .handler(async (event: unknown, context: Context) => {
      let mode: Mode = modeOf({});
      try {
        const request = readEvent(event);
        mode = modeOf(request);
        const report = await tick(request, mode, context);
        logReport(logger, report);
        emit(metrics, metricsOf(report, { perGroup }));
        if (hasFailed(report)) throw new FailedTick(describeFailure(report));
        return report;
      } catch (error) {
        if (!(error instanceof FailedTick)) {
          logFailure(error);
          emit(metrics, metricsOfFailure(mode));
        }
        throw withoutStack(error);
      }
    });
}

function openDoors() {
  const wiring = wire(readEnvironment());
  const place = { ...wiring.configuration(), openState: wiring.openState };
  return { openPorts: wiring.openPorts, loadConfiguration: createConfigurationLoader(place) };
}

async function tick({ groups, shard }: TickEvent, mode: Mode, context: Context): Promise<Report> {
  const start = performance.now();
  doors ??= openDoors();
  const now = Date.now();
  const { fleet, warnings, circumstances, problems } = await doors.loadConfiguration({ now, mode });
  logWarnings(logger, warnings);
  for (const note of circumstances.notes) logger.warn(note, { problems });
  const ports = await doors.openPorts(fleet);
  return await reconcile(
    {
      fleet,
      mode,
      now,
      // Not the request id: a delivery that arrives twice has it twice, and the lease could not tell the two apart.
      tickId: randomUUID(),
      leaseTtlMs: context.getRemainingTimeInMillis() + LEASE_MARGIN_MS,
      elapsedMs: () => performance.now() - start,
      hasTime: () => context.getRemainingTimeInMillis() > ACTION_TAKES_MS,
      circumstances: () => circumstances,
      ...(groups === undefined ? {} : { groups }),
      ...(shard === undefined ? {} : { shard }),
    },
    ports,
  );
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
  const finding = new Error(redactText(sentenceOf(error)));
  finding.name = error instanceof Error ? error.name : 'Error';
  finding.stack = `${finding.name}: ${finding.message}`;
  return finding;
}
