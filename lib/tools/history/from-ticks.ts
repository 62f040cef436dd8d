/**
 * A history out of tick records, for those who cannot read past pipelines. A tick sees which runners are busy, so a step
 * is what lies between the first tick that saw its runner busy and the first that did not any more. What that cannot tell:
 * how long the step had waited, two steps between which no tick saw the runner idle (they are one), and those that no tick
 * saw at all. Its labels are those of its runner, which may be more than it asked for. Pure.
 */
import { isSeen } from '#core/decide/classify.ts';
import type { Scope } from '#core/model/configuration.ts';
import type { GroupObservation, Instant, Runner } from '#core/model/observation.ts';
import type { TickRecord } from '#core/model/report.ts';
import { MINUTE_MS } from '#core/time.ts';
import type { Gap, HistoryStep, Omitted } from './format.ts';
import { NOTHING_OMITTED } from './format.ts';

/** Steps as the ticks saw them, in the order of their ends. */
type StepsOfTicks = {
  readonly steps: readonly HistoryStep[];
  readonly gaps: readonly Gap[];
  readonly omitted: Omitted;
};

/** Between two looks at a group that are further apart anything may have happened. */
const HOLE_MS = 10 * MINUTE_MS;

/** What every runner of ours carries and no step asks for. */
const OWN_LABEL = 'autoscaler.created';

type Busy = { readonly since: Instant; readonly runner: Runner; readonly beganUnseen: boolean };
type Watched = { readonly lookedAt: Instant; readonly busy: Map<string, Busy> };

/** Takes records, oldest first, of which the groups of one workspace count. */
export function watchTicks(workspace: string): {
  readonly take: (record: TickRecord) => void;
  readonly end: () => StepsOfTicks;
} {
  const watched = new Map<string, Watched>();
  const steps: HistoryStep[] = [];
  const gaps: Gap[] = [];
  let outside = 0;

  /** What was busy at the last look; nothing, when that is too long ago to say what came of it. */
  function busyBefore(group: string, at: Instant): Map<string, Busy> | undefined {
    const before = watched.get(group);
    if (before === undefined || at - before.lookedAt <= HOLE_MS) return before?.busy;
    gaps.push({ from: before.lookedAt, to: at, reason: `no tick looked at group ${group}` });
    outside += before.busy.size;
    return undefined;
  }

  function end({ beganUnseen, ...busy }: Busy, scope: Scope, at: Instant): void {
    if (beganUnseen) outside += 1;
    else steps.push(toStep(busy, scope, at));
  }

  function look({ group, runners }: GroupObservation, at: Instant): void {
    const before = busyBefore(group.name, at);
    const busy = new Map<string, Busy>();
    for (const runner of runners) {
      const began = { since: at, runner, beganUnseen: before === undefined };
      if (runner.hasStep) busy.set(runner.uuid, before?.get(runner.uuid) ?? began);
    }
    for (const [uuid, ended] of before ?? []) if (!busy.has(uuid)) end(ended, group.scope, at);
    watched.set(group.name, { lookedAt: at, busy });
  }

  return {
    take: ({ observation }) => {
      for (const seen of observation.groups) {
        if (seen.group.scope.workspace === workspace && isSeen(seen)) look(seen, observation.at);
      }
    },
    end: () => {
      const unfinished = [...watched.values()].reduce((sum, { busy }) => sum + busy.size, 0);
      return { steps, gaps, omitted: { ...NOTHING_OMITTED, unfinished, outside } };
    },
  };
}

function toStep({ since, runner }: Omit<Busy, 'beganUnseen'>, scope: Scope, end: Instant): HistoryStep {
  const labels = runner.labels.filter((label) => label !== OWN_LABEL);
  return { ready: since, durationMs: end - since, ...scope, labels };
}
