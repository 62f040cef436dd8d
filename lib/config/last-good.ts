/**
 * The last good configuration: the texts of the latest one that was whole, for when the present one cannot be used.
 * This file decides what is kept, when it is saved and what the report says; the function keeps it. Pure, but for
 * `rememberTexts`, which collects what it reads.
 */

import { InputError, ServiceError } from '#core/errors.ts';
import type { Fleet } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { plural } from '#core/quantities.ts';
import { formatProblem, type InputProblem } from '#yaml/problem.ts';
import type { LoadDependencies } from './load.ts';

/** What a configuration is made of, by source: the file, and the Job templates that were read for it. */
export type Texts = Readonly<Record<string, string>>;

/** A configuration that was whole. `since`: when these texts were first read, by our clock. */
export type GoodConfiguration = { readonly since: Instant; readonly texts: Texts };

/** A configuration in the state store. Documents there expire unless they are saved again. */
export type SavedConfiguration = GoodConfiguration & { readonly savedAt: Instant };

/** Far more often than documents expire, far too seldom to cost anything. */
const SAVED_AGAIN_AFTER_MS = 24 * 60 * 60 * 1_000;

/** The state document of the configuration at `source`. */
export function lastGoodKey(source: string): string {
  return `config/${source}`;
}

/** A reader that remembers every text which it gave. */
export function rememberTexts(readText: LoadDependencies['readText']) {
  const texts: Record<string, string> = {};
  return {
    texts: texts as Texts,
    readText: async (source: string): Promise<string> => {
      const text = await readText(source);
      texts[source] = text;
      return text;
    },
  };
}

/** A reader of remembered texts; of any other it says that it was not kept. */
export function readFrom(texts: Texts): LoadDependencies['readText'] {
  return async (source) => {
    const text = Object.hasOwn(texts, source) ? texts[source] : undefined;
    if (text === undefined) throw new InputError(`${source} is not part of the last good configuration`);
    return text;
  };
}

/** Whether all of the configuration could be read; where a service kept a template back, its texts are not all there. */
export function isWhole({ groups }: Fleet): boolean {
  return groups.every(({ unready }) => unready === undefined);
}

/** Texts that were read at `now`; if they are those of the configuration `before`, they are as old as that. */
export function goodConfiguration(
  texts: Texts,
  now: Instant,
  before: GoodConfiguration | undefined,
): GoodConfiguration {
  return { since: before !== undefined && isSame(before.texts, texts) ? before.since : now, texts };
}

/** The one that came into force later. */
export function laterInForce(
  one: GoodConfiguration | undefined,
  other: GoodConfiguration | undefined,
): GoodConfiguration | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.since >= other.since ? one : other;
}

/** Whether `good` has to be saved: another one is in the store, or it has been there for so long that it might expire. */
export function isToBeSaved(good: GoodConfiguration, saved: SavedConfiguration | undefined, now: Instant): boolean {
  if (saved === undefined || !isSame(saved.texts, good.texts)) return true;
  return now - saved.savedAt >= SAVED_AGAIN_AFTER_MS;
}

function isSame(some: Texts, others: Texts): boolean {
  const sources = Object.keys(some);
  return (
    sources.length === Object.keys(others).length &&
    sources.every((source) => Object.hasOwn(others, source) && some[source] === others[source])
  );
}

/** Whether the error means that the configuration cannot be used. Any other error is a defect. */
export function isRefusal(error: unknown): error is InputError | ServiceError {
  return error instanceof InputError || error instanceof ServiceError;
}

/** Why the present configuration cannot be used, in one clause: the first problem with its place, and how many more. */
export function describeRefusal(refusal: InputError | ServiceError): string {
  if (refusal instanceof ServiceError) return `cannot be read (${refusal.message})`;
  const [first, ...others] = refusal.problems;
  return first === undefined
    ? `cannot be used (${refusal.message})`
    : `is refused (${summarise(first, others.length)})`;
}

function summarise(first: InputProblem, others: number): string {
  if (others === 0) return formatProblem(first);
  return `${formatProblem(first)}; and ${others} more ${plural(others, 'problem')}`;
}

/** The report's sentence for a tick that goes on with the last good configuration; `since` as people read it. */
export function describeFallback(refusal: string, since: string): string {
  return `The configuration ${refusal}, so the one in force since ${since} stays until that is put right; "validate" tells everything that is wrong.`;
}
