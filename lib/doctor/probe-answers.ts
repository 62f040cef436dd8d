/** What a probe found out: kept in the state store, judged by every later visit, and shared by whoever wants to. Pure. */
import * as z from 'zod';
import type { Scope } from '#core/model/configuration.ts';
import { scopeKey } from '#core/scope.ts';
import { type Check, failed, ok, skipped } from './check.ts';

const tried = z.object({
  /** Where in the body the wish stood. */
  body: z.string(),
  /** The status of the answer. */
  answered: z.number(),
  works: z.boolean(),
  /** Whether name and labels survived it. */
  kept: z.boolean(),
  /** The status of the runner afterwards, in Bitbucket's word. */
  status: z.string(),
});

const answers = z.object({
  version: z.literal(1),
  /** ISO 8601. */
  at: z.string(),
  calls: z.number(),
  /** Labels that were asked for, that the answer held, and that the runner had a moment later. */
  labels: z.object({ asked: z.array(z.string()), atOnce: z.array(z.string()), later: z.array(z.string()) }).readonly(),
  /** Until a list showed the new registration, and until it no longer showed it; absent: for longer than was looked. */
  listLagMs: z.number().optional(),
  removalLagMs: z.number().optional(),
  internal: z.object({ disable: tried.optional(), enable: tried.optional() }),
  public: z.object({ disable: z.array(tried), enable: tried.optional() }),
  /** Busy runners that were there anyway, as either list shows them; absent: there is no such list. */
  busy: z.object({ internal: z.number(), public: z.number().optional() }),
  /** Of the runners that were there. */
  versions: z.array(z.string()),
});

/** One body that was sent, and what came of it. */
export type BodyTried = Readonly<z.output<typeof tried>>;

/** Everything that a probe found out. It names no workspace, no runner and nobody. */
export type ProbeAnswers = DeepReadonly<z.output<typeof answers>>;

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

/** The document of a scope's probe. */
export function probeKey(scope: Scope): string {
  return `probe/${scopeKey(scope)}`;
}

/** Answers from their document; undefined when there are none that can be read. */
export function parseProbe(value: unknown): ProbeAnswers | undefined {
  return answers.safeParse(value).data;
}

/** What the answers mean for this autoscaler. */
export function judgeProbe(scope: Scope, found: ProbeAnswers | undefined): Check {
  const key = scopeKey(scope);
  if (found === undefined) {
    return skipped('probe', key, '"doctor --probe" would show how Bitbucket treats a runner here');
  }
  const { labels, internal, listLagMs, at } = found;
  if (labels.later.join() !== labels.asked.join()) {
    const detail = `runners registered with ${labels.asked.join(', ')} have ${labels.later.join(', ') || 'no labels'}`;
    const next = 'give groups labels that Bitbucket keeps: lower case, digits and dots, at most 10';
    return failed('probe', key, detail, next);
  }
  if (internal.disable?.works === false) {
    const detail = `Bitbucket answered ${internal.disable.answered}, and the runner stayed in service`;
    const next = 'keep min equal to max until this is known, and open an issue with the answers that the probe wrote';
    return failed('probe', key, `runners cannot be taken out of service: ${detail}`, next);
  }
  const lag = listLagMs === undefined ? 'more than 5 s' : `${Math.round(listLagMs / 100) / 10} s`;
  const back = internal.enable?.works === true ? 'can be put back' : 'cannot be put back, so they are replaced';
  return ok('probe', key, `${at.slice(0, 10)}: labels are kept, disabled runners ${back}, lists lag ${lag}`);
}
