/** Several policies in one scenario: each in a world of its own, with the same steps. */
import type { Report } from '#core/model/report.ts';
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
  /** Given each report of a policy that makes them, warm-up included. */
  readonly onReport?: (policy: Policy, report: Report) => void;
  /** Buckets of each series; absent: as many as a run keeps unless told otherwise. */
  readonly buckets?: number;
};

/** The results in the policies' order. */
export async function compare(comparison: Comparison): Promise<readonly Result[]> {
  const { scenario, policies, openArrivals, onProgress, onReport, buckets } = comparison;
  const results: Result[] = [];
  for (const [index, policy] of policies.entries()) {
    const tell = (share: number) => onProgress?.(policy.name, (index + share) / policies.length);
    const hear = (report: Report) => onReport?.(policy, report);
    results.push(
      await run({
        scenario,
        policy,
        arrivals: openArrivals(),
        onProgress: tell,
        onReport: hear,
        ...(buckets !== undefined && { buckets }),
      }),
    );
  }
  return results;
}
