/**
 * What a strategy is: a value that says which parameters it has, what is wrong with them, what it wants, and in which
 * words. A new one is a file beside this one and a line in `index.ts`.
 */
import type * as z from 'zod';
import type { Finding, Path } from '#yaml/finding.ts';
import type { QueueSource } from '../../model/configuration.ts';
import type { Counts } from '../../model/decision.ts';
import type { Outlook } from '../experience.ts';

/** Sentences by the code of a reason, each a function of the numbers behind it. */
export type Words = Readonly<Record<string, (values: never) => string>>;

/** A reason that is not put into words yet: a code of some words, with its numbers. */
export type Because = { readonly code: string; readonly values: object };

/** What a strategy wants before any limit: how many runners should be working (busy, idle or starting), and why. */
export type Wish = { readonly working: number; readonly because: Because };

/** A group as its author wrote it, as far as strategies are concerned. */
export type WrittenGroup = {
  /** The keys of the group and of its `parameters` that are valid by themselves. */
  readonly group: Readonly<Record<string, unknown>>;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** All keys of `parameters`, valid or not. */
  readonly present: readonly string[];
  /** The highest `max` at any time, schedules included; 0 where none is valid. */
  readonly most: number;
};

/** For how long idle runners stay: each for the cool-down, and as many as the highest target of the window wants. */
export type Stay = { readonly coolDownMs: number; readonly stabilisationWindowMs: number };

/** A strategy. `Settings` is what the configuration makes of its parameters, and what a group carries. */
export type Strategy<Settings extends { readonly kind: string }, W extends Words> = {
  /** Its name in the configuration. */
  readonly kind: Settings['kind'];
  /** Its parameters, besides `min` and `max`, which all have; strategies may share some, which are equal then. */
  readonly parameters: z.core.$ZodLooseShape;
  /** Keys of the group itself that no other strategy has. */
  readonly groupKeys: readonly string[];
  /** As a part of the JSON Schema, what its `parameters` must hold; absent: nothing. */
  readonly editorRules?: Readonly<Record<string, unknown>>;
  /** For how long idle runners stay, where the file does not say. */
  stay(settings: Settings): Stay;
  /** What is wrong or doubtful about its parameters; `path` leads to them. */
  check(path: Path, written: WrittenGroup): readonly Finding[];
  /** What is wrong with its keys of the group, of which `present` are written; `path` leads to the group. */
  checkGroup?(path: Path, group: WrittenGroup['group'], present: readonly string[]): readonly Finding[];
  /** The settings; undefined while a parameter is missing, which `check` then says. */
  settings(written: Omit<WrittenGroup, 'present'>): Settings | undefined;
  /** Whether it keeps a runner also where `min` is 0. */
  keepsAwake(parameters: WrittenGroup['parameters']): boolean;
  /** What it wants. `waiting`: the steps that wait for the group; undefined when they were not, or could not be, counted. */
  wish(settings: Settings, counts: Outlook, min: number, waiting: number | undefined): Wish;
  /** The steps that wait, if they are counted for it; absent: they never are. */
  readonly queue?: {
    /** Where they come from. */
    source(settings: Settings): QueueSource;
    /**
     * Whether the wish depends on them now. `early`: there are calls to spare to count them before anything says that some
     * wait.
     */
    isNeeded(settings: Settings, counts: Outlook, early: boolean): boolean;
  };
  /** The words for its own reasons. */
  readonly words: W;
};

/** The words for reasons that several strategies have. */
export const SHARED_WORDS = {
  'below-min': (v: { min: number; usable: number; starting: number }) =>
    `${v.usable} usable and ${v.starting} starting are fewer than min ${v.min}`,
  'at-min': (v: { needed: number; min: number }) => `${v.needed} would do, but min is ${v.min}`,
  'starting-suffice': (v: { starting: number; wanted: number; usable: number }) =>
    `${v.usable} usable and ${v.starting} starting already cover the ${v.wanted} wanted`,
};

/** What gives reasons in these words and the shared ones; a code without its numbers does not compile. */
export function reasonsIn<W extends Words>(_words: W) {
  return <Code extends keyof (W & typeof SHARED_WORDS) & string>(
    code: Code,
    values: Parameters<(W & typeof SHARED_WORDS)[Code]>[0],
  ): Because => ({ code, values });
}

const because = reasonsIn(SHARED_WORDS);

/** The wish, or `min` if that is more; where it takes runners that are still starting to meet it, the reason says so. */
export function atLeast(min: number, { busy, idle, starting }: Counts, wish: Wish): Wish {
  const usable = busy + idle;
  const wanted = Math.max(min, wish.working);
  if (usable < wanted && wanted <= usable + starting) {
    return { working: wanted, because: because('starting-suffice', { starting, wanted, usable }) };
  }
  if (wish.working >= min) return wish;
  return usable < min
    ? { working: min, because: because('below-min', { min, usable, starting }) }
    : { working: min, because: because('at-min', { needed: wish.working, min }) };
}
