/**
 * `npm run bench:policy`: our strategies beside Atlassian's rule and an oracle, in the simulated world, with the decider
 * that ships. Seeds are fixed and time is virtual, so every number is the same on every machine. Ends with 1 if a goal
 * is missed. `--json`: one document instead of tables. `--field`: only the loads under field conditions; `--long`: these with
 * ten seeds, two rows more and the shapes of real histories; in the ideal world five working days, and a look every ten seconds.
 */
import '../scripts/help.ts';

import { arrivalsOf } from '#tools/laboratory/load.ts';
import { compare } from '#tools/laboratory/run.ts';
import type { Scenario } from '#tools/laboratory/scenario.ts';
import { playField } from './field.ts';
import { type Entrant, enterAll, scenariosOf } from './policy-cases.ts';
import { type Goal, goalsOf, type Played } from './policy-goals.ts';
import { createProgress } from './progress.ts';
import { printTable } from './table.ts';

const HEAD = `Waiting against cost: one group, min 1, in virtual time
  waiting  from ready to taken by a runner, over all steps (mean, 95th percentile)
  hours    registrations times time, whatever they are at
  ×        that of Atlassian's rule at 60 s
  oracle   + how much longer steps wait than with the oracle, × how many times its hours; it sees the queue at once and
           keeps no idle runner, so whoever does can have steps wait less than it
  peak     most registrations at once, started: registrations made, failed: steps that found nobody online`;

const TITLES = ['policy', 'waiting', '95 %', '×', 'hours', '×', 'oracle +', '×', 'peak', 'started', 'failed'];

const has = (flag: string) => process.argv.includes(flag);
const isIdealMet = has('--field') || (await playIdeal(has('--json'), has('--long')));
const isFieldMet = has('--json') || (await isFieldKept(has('--long')));
process.exitCode = isIdealMet && isFieldMet ? 0 : 1;

async function playIdeal(asJson: boolean, isLong: boolean): Promise<boolean> {
  const entrants = await enterAll(isLong);
  const played = await playAll(entrants, scenariosOf(isLong));
  const goals = goalsOf(entrants, played);
  if (asJson) printJson(played, goals);
  else printTables(entrants, played, goals);
  return goals.every(({ isMet }) => isMet);
}

async function isFieldKept(isLong: boolean): Promise<boolean> {
  const faults = await playField(isLong);
  for (const fault of faults) console.log(`  MISSED  ${fault}`);
  return faults.length === 0;
}

async function playAll(all: readonly Entrant[], scenarios: readonly Scenario[]): Promise<readonly Played[]> {
  const progress = createProgress();
  const done: Played[] = [];
  for (const scenario of scenarios) {
    const { start, span, loads, seed } = scenario;
    const results = await compare({
      scenario,
      policies: all.map(({ policy }) => policy),
      openArrivals: () => arrivalsOf(loads, [], { start, end: start + span }, seed),
      onProgress: (policy, share) => progress.show(`${percent((done.length + share) / scenarios.length)}  ${policy}`),
    });
    done.push({ scenario, results });
  }
  progress.clear();
  return done;
}

function printJson(all: readonly Played[], judged: readonly Goal[]): void {
  const scenarios = all.map(({ scenario, results }) => ({
    scenario: scenario.name,
    policies: results.map(({ policy, figures }) => ({ policy, ...figures })),
  }));
  console.log(JSON.stringify({ scenarios, goals: judged }, null, 2));
}

function printTables(all: readonly Entrant[], scenes: readonly Played[], judged: readonly Goal[]): void {
  console.log(HEAD);
  for (const scene of scenes) {
    console.log(`\n${capitalised(scene.scenario.name)}\n`);
    printTable(TITLES, rowsOf(all, scene));
  }
  console.log('\nGoals\n');
  for (const { text, isMet } of judged) console.log(`  ${isMet ? 'met   ' : 'MISSED'}  ${text}`);
}

function rowsOf(all: readonly Entrant[], { results }: Played): string[][] {
  const [baseline] = results;
  const oracle = results[all.findIndex(({ role }) => role === 'oracle')];
  if (baseline === undefined || oracle === undefined) throw new Error('a baseline and an oracle take part');
  return results.map(({ policy, figures }) => [
    policy,
    seconds(figures.waiting.meanMs),
    seconds(figures.waiting.p95Ms),
    ratio(figures.waiting.meanMs, baseline.figures.waiting.meanMs, 1000),
    figures.runnerHours.registered.toFixed(1),
    ratio(figures.runnerHours.registered, baseline.figures.runnerHours.registered),
    signed(figures.waiting.meanMs - oracle.figures.waiting.meanMs),
    ratio(figures.runnerHours.registered, oracle.figures.runnerHours.registered),
    `${figures.peak}`,
    `${figures.runners.created}`,
    `${Object.values(figures.steps.failed).reduce((sum, count) => sum + count, 0)}`,
  ]);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function signed(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${seconds(Math.abs(ms))}`;
}

/** A ratio to less than a second, or to next to no hours, says nothing. */
function ratio(measured: number, reference: number, least = 1): string {
  return reference < least ? '–' : (measured / reference).toFixed(2);
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

function capitalised(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
