/**
 * How a simulated world is less kind than it could be. Every setting is absent by default, and then the world is kind in
 * that respect. A setting that is a function is asked each time, so that it can draw from a seed, and change with time.
 */
import type { Scope } from '#core/model/configuration.ts';
import type { Mishap, PortCall } from './interrupt.ts';
import type { Step } from './step.ts';

/** Part of a step's life, in ms since its start; `to` is not in it. */
export type Span = { readonly from: number; readonly to: number };

/** What is wrong with a world. */
export type Faults = {
  /**
   * How long a list does not show a new registration, and still shows one that is gone, in ms, at most `GONE_KEPT_MS`.
   * Asked once for each registration and each removal. `get` is always fresh.
   */
  readonly listLagMs?: (scope: Scope) => number;
  /**
   * How old the state is that a list shows, in ms, at most `GONE_KEPT_MS`. Asked for each list: one may be older than
   * the one before.
   */
  readonly listAgeMs?: (scope: Scope) => number;
  /**
   * The place of the runner that this list leaves out while it shows one that is gone, as when between two pages one
   * registration goes and one comes. Asked for each list with its length; undefined: no page slips. A list slips only
   * if something has gone lately.
   */
  readonly slippedPlace?: (length: number) => number | undefined;
  /** The labels that a registration gets when it asks for these; the answer of `register` and every list have them. */
  readonly labelsGiven?: (asked: readonly string[]) => readonly string[];
  /** When the runner of this step does not show it. Asked when the step starts. A late mark is a span from 0. */
  readonly stepHidden?: (step: Step) => readonly Span[];
  /** Whether Bitbucket answers 404 to everything about this workspace or repository now. Its runners go on. */
  readonly isNotFound?: (scope: Scope) => boolean;
  /** What becomes of a call; undefined: what it asks for, at once. */
  readonly mishap?: (call: PortCall) => Mishap | undefined;
  /**
   * How long after the last change every answer is that of a kind world again, in ms; absent: two answers may always
   * differ.
   */
  readonly settlesAfterMs?: number;
};

/** A kind world. */
export const NO_FAULTS: Faults = {};

/** How long a list can still show a registration that is gone. */
export const GONE_KEPT_MS = 600_000;
