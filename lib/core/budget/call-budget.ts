/** What the line and the clients need of a credential's budget of hourly calls; it lives in the adapters. */
import type { Instant } from '../model/observation.ts';
import type { MemoryChange, MemoryDocument } from '../ports.ts';
import type { Importance } from './hour.ts';

/** Why calls are held back: `throttled` by Bitbucket, or by what is left; and when to ask again. */
export type HeldBack = { readonly why: 'throttled' | 'short'; readonly until: Instant };

/** A look at a workspace, of so many calls; `planned`: calls of this very tick that are as good as made. */
export type PlannedLook = { readonly workspace: string; readonly calls: number; readonly planned: number };

/** What an answer says of Bitbucket's limit, as its headers `X-RateLimit-*` give it; nothing of it is promised. */
export type RateLimit = {
  /** The group of addresses that it is about, such as `api`. */
  readonly resource?: string;
  /** Calls in an hour. */
  readonly limit?: number;
  readonly remaining?: number;
  /** Less than a fifth is left. */
  readonly nearLimit?: boolean;
};

/** What a client of Bitbucket needs of its credential's budget. */
export type Meter = {
  /** Throws `BudgetError` when a call of this importance must not be made now. Ask before each call; it books nothing. */
  readonly admit: (importance: Importance, doing: string) => void;
  /** One request leaves, repeats and tokens included. */
  readonly count: (importance: Importance) => void;
  /** An answer came, with what it says of the limit. */
  readonly heard: (answer: { readonly status: number; readonly rateLimit?: RateLimit }) => void;
  /** The call was given up on because Bitbucket turned it away, and asked, or not, to wait. */
  readonly turnedAway: (retryAfterMs: number | undefined) => void;
};

/** The budget of one credential, as ticks see it. */
export type CallBudget = Meter & {
  /** The credential, by a name that reveals nothing. */
  readonly credential: string;
  /** The state's document in the store. */
  readonly key: string;
  /** Takes up what the store has; what this process has not saved yet is kept on top of it. */
  readonly restore: (document: MemoryDocument | undefined) => void;
  /** What is to be saved over the restored document: both together; undefined when there is nothing new. */
  readonly unsaved: () => MemoryChange | undefined;
  /** What `unsaved` just gave is saved. */
  readonly saved: () => void;
  /** Why a look must wait; undefined: it need not. */
  readonly holdBackLook: (look: PlannedLook, at: Instant) => HeldBack | undefined;
  /** How many calls the latest look at a workspace took. */
  readonly lastLook: (workspace: string) => number | undefined;
  /** A workspace was looked at, with so many calls. */
  readonly looked: (workspace: string, calls: number, at: Instant) => void;
  /** What is used and left now. */
  readonly usage: () => BudgetUsage;
};

/** How much of a budget is used, and what is left. */
export type BudgetUsage = {
  readonly limit: number;
  /** Calls of the past hour. */
  readonly used: number;
  readonly left: number;
  /** Calls for counting queues alone. */
  readonly leftForQueues: number;
  /** Registrations that it would pay for, and when it would for more. */
  readonly creates: number;
  readonly moreAt: Instant;
  readonly throttledUntil?: Instant;
  /** Answers 429 since the process began. */
  readonly throttledAnswers: number;
  /** Calls that were not made because of one, since the process began. */
  readonly unsent: number;
  /** Calls that were not made for whatever reason, since the process began, by what they were for. */
  readonly refused: Readonly<Record<Importance, number>>;
};
