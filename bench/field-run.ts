/** Plays a row of the field's table with some seeds, and adds up what came of it. */
import { loadFleet } from '#config/load.ts';
import type { Fleet } from '#core/model/configuration.ts';
import type { Report } from '#core/model/report.ts';
import { arrivalsOf } from '#tools/laboratory/load.ts';
import { run } from '#tools/laboratory/run.ts';
import { parseScenario } from '#tools/laboratory/scenario.ts';
import { shippedPolicy } from '#tools/laboratory/shipped.ts';
import type { Row } from './field-rows.ts';

/** What a row came to, over all its seeds. */
export type Measured = {
  readonly waitSeconds: number;
  readonly p95Seconds: number;
  /** Registered hours per busy hour. */
  readonly timesBusy: number;
  readonly hours: number;
  /** The longest time in which no group could be looked at. */
  readonly blindSeconds: number;
  readonly callsInAnHour: number;
  readonly withinMinute: number;
  readonly registrationsPerStep: number;
  readonly killed: number;
  readonly peak: number;
};

/** Plays it with each of the seeds. */
export async function measure(row: Row, seeds: readonly number[]): Promise<Measured> {
  const { fleet } = await loadFleet('bench', { readText: async () => `groups:\n${row.config}` });
  const runs: Awaited<ReturnType<typeof playOnce>>[] = [];
  for (const seed of seeds) runs.push(await playOnce(row, fleet, seed));
  const sum = (of: (one: (typeof runs)[number]) => number) => runs.reduce((total, one) => total + of(one), 0);
  const most = (of: (one: (typeof runs)[number]) => number) => Math.max(...runs.map(of));
  const steps = sum(({ figures }) => figures.steps.arrived);
  const perStep = (of: (one: (typeof runs)[number]) => number) =>
    sum((one) => of(one) * one.figures.steps.arrived) / steps;
  const hours = sum(({ figures }) => figures.runnerHours.registered);
  return {
    waitSeconds: rounded(perStep(({ figures }) => figures.waiting.meanMs) / 1000),
    p95Seconds: rounded(perStep(({ figures }) => figures.waiting.p95Ms) / 1000),
    timesBusy: rounded(hours / sum(({ figures }) => figures.runnerHours.busy)),
    hours: rounded(hours / runs.length),
    blindSeconds: most(({ blindMs }) => blindMs / 1000),
    callsInAnHour: most(({ figures }) => figures.callsInAnHour),
    withinMinute: rounded(100 * perStep(({ figures }) => figures.waiting.withinGoal)),
    registrationsPerStep: rounded(sum(({ figures }) => figures.runners.created) / steps),
    killed: sum(({ figures }) => figures.steps.failed.killed),
    peak: most(({ figures }) => figures.peak),
  };
}

async function playOnce({ scenario: input, everyMs }: Row, fleet: Fleet, seed: number) {
  const scenario = parseScenario({ ...input, seed }, 'bench');
  const { loads, start, span, warmUp } = scenario;
  const blind = watchBlindness();
  const { figures } = await run({
    scenario,
    policy: shippedPolicy('ours', fleet, everyMs),
    // What comes in the warm-up is learned from and not counted.
    arrivals: arrivalsOf(loads, [], { start: start - warmUp, end: start + span }, seed),
    onReport: blind.note,
  });
  return { figures, blindMs: blind.longestMs() };
}

/** How long no group could be looked at because the calls were short. */
function watchBlindness() {
  let lastLook: number | undefined;
  let longestMs = 0;
  return {
    note: ({ tick, groups }: Report) => {
      const at = Date.parse(tick.at);
      if (groups.some(({ decision }) => decision.reason.code === 'look-held-back')) {
        longestMs = Math.max(longestMs, at - (lastLook ?? at));
      } else {
        lastLook = at;
      }
    },
    longestMs: () => longestMs,
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
