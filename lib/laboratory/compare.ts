/** Several policies in one scenario: each in a world of its own, with the same steps. */
import type { Arrivals } from './arrival.ts';
import type { Policy } from './policy.ts';
import { type Result, run } from './run.ts';
import type { Scenario } from './scenario.ts';

/** What is compared. `openArrivals` gives the same stream from its beginning each time. */
export type Comparison = {
  readonly scenario: Scenario;
  readonly policies: readonly Policy[];
  readonly openArrivals: () => Arrivals;
  /** Told which policy is at work and how far the whole is, from 0 to 1. */
  readonly onProgress?: (policy: string, share: number) => void;
};

/** The results in the policies' order. */
export async function compare(comparison: Comparison): Promise<readonly Result[]> {
  const { scenario, policies, openArrivals, onProgress } = comparison;
  const results: Result[] = [];
  for (const [index, policy] of policies.entries()) {
    const tell = (share: number) => onProgress?.(policy.name, (index + share) / policies.length);
    results.push(await run({ scenario, policy, arrivals: openArrivals(), onProgress: tell }));
  }
  return results;
}
