/** A step in the simulated world. */
import type { Scope } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import type { Span } from './faults.ts';

/** A step of a pipeline, from the moment it is ready to run. */
export type Step = {
  readonly id: number;
  readonly scope: Scope;
  readonly labels: readonly string[];
  readonly readyAt: Instant;
  readonly durationMs: number;
  state: 'waiting' | 'running' | 'finished' | 'failed';
  /**
   * Why it failed: nobody was online for it, it waited for too long, its runner was taken away (by the autoscaler), or
   * its runner died.
   */
  failure?: 'no-runner' | 'expired' | 'killed' | 'crashed';
  /** Uuid of the runner that it runs or ran on, or that is about to pick it up. */
  runner?: string;
  /** When a free runner was there for it. */
  runnerAt?: Instant;
  startedAt?: Instant;
  endedAt?: Instant;
  /** When its runner does not show it; absent: it always does. */
  hidden?: readonly Span[];
};

/** A step as it is submitted. */
export type StepRequest = Pick<Step, 'scope' | 'labels' | 'durationMs'>;
