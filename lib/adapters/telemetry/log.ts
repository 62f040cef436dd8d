/**
 * The functions' structured log: one JSON object per line, with the request id of the invocation. What a tick reports
 * is written as one line per group and one for the tick itself, so that a query finds every decision about one group,
 * and a fleet of any size stays below the size limit of a log event. `LOG_LEVEL` sets the level (default INFO).
 */

import { Logger } from '@aws-lambda-powertools/logger';
import type { GroupReport, Report } from '#core/model/report.ts';
import { plural } from '#core/quantities.ts';
import { hasFailed } from '#core/report.ts';
import type { InputProblem } from '#yaml/problem.ts';
import { redactField } from './redact.ts';

/** The name under which the logs and metrics of this program are found. */
export const SERVICE = 'bitbucket-runner-autoscaler';

/** A logger that hides secrets, whatever it is given. */
export function createLogger(serviceName = SERVICE): Logger {
  return new Logger({ serviceName, jsonReplacerFn: redactField });
}

/** Logs a report: `group` lines first, then the `tick` line; a line with a failure in it has level ERROR. */
export function logReport(logger: Logger, report: Report): void {
  for (const group of report.groups) {
    const level = hasFailed({ ...report, groups: [group], problems: [] }) ? 'error' : 'info';
    logger[level](describeGroup(group), { tickId: report.tick.id, mode: report.tick.mode, group });
  }
  const { tick, problems, notes } = report;
  const level = hasFailed(report) ? 'error' : 'info';
  logger[level](describeTick(report), { tickId: tick.id, mode: tick.mode, tick, problems, notes });
}

/** Logs what the author of the configuration should know of it, one line each. */
export function logWarnings(logger: Logger, warnings: readonly InputProblem[]): void {
  for (const problem of warnings) logger.warn(`Configuration: ${problem.path}: ${problem.message}`, { problem });
}

function describeGroup({ name, decision: { action, from, to, reason } }: GroupReport): string {
  return `${name}: ${action} ${action === 'hold' ? from : `${from} → ${to}`}: ${reason.text}`;
}

function describeTick({ tick, groups, problems }: Report): string {
  if (tick.skipped !== undefined) return `Tick skipped: ${tick.skipped}`;
  const failed = problems.length > 0 ? `: ${problems.join(' ')}` : '';
  return `Tick over ${groups.length} ${plural(groups.length, 'group')} took ${tick.durationMs} ms${failed}`;
}
