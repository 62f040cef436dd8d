/** The page of `simulate`: what it must hear while policies are tried, and how it is written afterwards. */

import type { Bound } from '#tools/laboratory/bounds.ts';
import type { Policy } from '#tools/laboratory/policy.ts';
import type { Comparison, Result } from '#tools/laboratory/run.ts';
import type { Scenario } from '#tools/laboratory/scenario.ts';
import type { PageData } from '#tools/page/data.ts';
import { DecisionLog } from '#tools/page/decision-log.ts';
import { bucketsFor, laboratoryPage, type Played } from '#tools/page/laboratory.ts';

/** A policy, and what it is in the comparison. */
export type Entrant = { readonly role: Played['role']; readonly policy: Policy };

export type ComparisonPage = {
  /** For the comparison: series that are fine enough, and an ear for decisions. */
  readonly listening: Pick<Comparison, 'buckets' | 'onReport'>;
  /** The page, from the results in the order of the entrants. */
  readonly close: (results: readonly Result[], notes: readonly string[], bounds: readonly Bound[]) => PageData;
};

/** Prepares a page for a comparison that is about to begin. */
export function openComparisonPage(scenario: Scenario, entrants: readonly Entrant[]): ComparisonPage {
  const { start, span } = scenario;
  const buckets = bucketsFor(span);
  const logs = new Map<Policy, DecisionLog>();
  return {
    listening: {
      buckets,
      onReport: (policy, report) => {
        const log = logs.get(policy) ?? new DecisionLog(start, start + span, buckets);
        log.add(report);
        logs.set(policy, log);
      },
    },
    close: (results, notes, bounds) => {
      const policies = results.flatMap((result, index): readonly Played[] => {
        const entrant = entrants[index];
        const decisions = entrant && logs.get(entrant.policy);
        return entrant === undefined ? [] : [{ role: entrant.role, result, ...(decisions && { decisions }) }];
      });
      return laboratoryPage({ scenario, policies, bounds, facts: notes.map((text) => ({ name: 'Note', text })) });
    },
  };
}
