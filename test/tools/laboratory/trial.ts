/** Trials in few words, for tests. */

import type { Fleet } from '#core/model/configuration.ts';
import { arrivalsOf, ownersOf } from '#tools/laboratory/load.ts';
import type { Policy } from '#tools/laboratory/policy.ts';
import { type Result, run, type Trial } from '#tools/laboratory/run.ts';
import { parseScenario, type Scenario, type ScenarioInput } from '#tools/laboratory/scenario.ts';

/** A scenario of an ideal world, unless it says otherwise. */
export function scenarioOf(input: ScenarioInput): Scenario {
  return parseScenario({ conditions: 'ideal', ...input }, 'test');
}

/** The steps of a scenario for the groups of a fleet, from the beginning. */
export function stepsOf({ loads, start, span, seed }: Scenario, fleet: Fleet) {
  return arrivalsOf(loads, ownersOf(fleet.groups), { start, end: start + span }, seed);
}

/** Plays a scenario whose loads are those of the fleet's groups. */
export function play(scenario: Scenario, fleet: Fleet, policy: Policy, more: Partial<Trial> = {}): Promise<Result> {
  return run({ scenario, policy, arrivals: stepsOf(scenario, fleet), ...more });
}
