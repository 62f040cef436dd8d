/** What must hold of our strategies in the comparison, each as a sentence with its numbers. */
import type { Figures } from '#tools/laboratory/figures.ts';
import type { Result } from '#tools/laboratory/run.ts';
import type { Scenario } from '#tools/laboratory/scenario.ts';
import { type Entrant, MAX } from './policy-cases.ts';

/** A scenario with what came of it, in the order of the entrants. */
export type Played = { readonly scenario: Scenario; readonly results: readonly Result[] };

export type Goal = { readonly text: string; readonly isMet: boolean };

/** All goals; those about bursts once for each start-up time. */
export function goalsOf(entrants: readonly Entrant[], played: readonly Played[]): readonly Goal[] {
  const bursts = played.filter(({ scenario }) => scenario.name.startsWith('burst'));
  return [
    ...bursts.map(queueAwareHalves),
    ...bursts.map(idleBufferTradesOpenly),
    neverAboveTheCap(entrants, played),
    nothingBusyIsRemoved(entrants, played),
    everyStepIsAccountedFor(played),
  ];
}

function queueAwareHalves(scene: Played): Goal {
  const { waiting, hours, text } = besideBaseline(scene, 'queueAware');
  return {
    text: `queueAware waits at most half as long as the baseline at 60 s, for no more runner-hours (${text})`,
    isMet: waiting <= 0.5 && hours <= 1,
  };
}

/** It cannot know the queue: where it does not win on both counts, the table and this sentence say what it trades. */
function idleBufferTradesOpenly(scene: Played): Goal {
  const { waiting, hours, text, baseline } = besideBaseline(scene, 'idleBuffer');
  if (waiting <= 1 && hours <= 1)
    return { text: `idleBuffer beats the baseline at 60 s on both (${text})`, isMet: true };
  const overshoot = baseline.peak > MAX ? `; the baseline went to ${baseline.peak} where ${MAX} are allowed` : '';
  return {
    text: `idleBuffer trades waiting for runner-hours (${text}${overshoot})`,
    isMet: waiting <= 1 || hours <= 1,
  };
}

function neverAboveTheCap(entrants: readonly Entrant[], played: readonly Played[]): Goal {
  const highest = Math.max(...oursOf(entrants, played).map(({ peak }) => peak));
  return { text: `none of ours ever has more than max ${MAX} (highest peak ${highest})`, isMet: highest <= MAX };
}

function nothingBusyIsRemoved(entrants: readonly Entrant[], played: readonly Played[]): Goal {
  const killed = oursOf(entrants, played).reduce((sum, { steps }) => sum + steps.failed.killed, 0);
  return { text: `nothing busy is ever removed by ours (${killed} steps killed)`, isMet: killed === 0 };
}

function everyStepIsAccountedFor(played: readonly Played[]): Goal {
  const all = played.flatMap(({ results }) => results.map(({ figures }) => figures.steps));
  const lost = all.reduce((sum, { arrived, finished, running, waiting, failed }) => {
    const ended = Object.values(failed).reduce((all, count) => all + count, finished);
    return sum + Math.abs(arrived - ended - running - waiting);
  }, 0);
  return { text: `every step ends in exactly one way (${lost} unaccounted for)`, isMet: lost === 0 };
}

function oursOf(entrants: readonly Entrant[], played: readonly Played[]): readonly Figures[] {
  const ours = entrants.filter(({ role }) => role === 'ours').map(({ policy }) => policy.name);
  return played.flatMap(({ results }) =>
    results.filter(({ policy }) => ours.includes(policy)).map(({ figures }) => figures),
  );
}

function besideBaseline({ scenario, results: [first, ...others] }: Played, name: string) {
  const found = others.find(({ policy }) => policy === name);
  if (first === undefined || found === undefined) throw new Error(`${name} takes part in every scenario`);
  const baseline = first.figures;
  const waiting = found.figures.waiting.meanMs / baseline.waiting.meanMs;
  const hours = found.figures.runnerHours.registered / baseline.runnerHours.registered;
  const text = `${scenario.name}: waiting × ${waiting.toFixed(2)}, hours × ${hours.toFixed(2)}`;
  return { baseline, waiting, hours, text };
}
