/**
 * The event that both functions take: a scheduled one of EventBridge or its Scheduler, or a request by hand. What is asked
 * for may stand in the event itself or in its `detail`. Nothing else may: a `dryRun` that is misspelt or misplaced must never
 * become a tick that acts.
 */
import * as z from 'zod';
import { InputError } from '#core/errors.ts';
import { isRecord } from '#yaml/values.ts';

const Request = z.strictObject({
  dryRun: z.boolean().optional(),
  doctor: z.literal(true).optional(),
  groups: z.array(z.string().min(1)).min(1).optional(),
  wake: z.string().min(1).optional(),
  shard: z
    .strictObject({ index: z.int().min(0), of: z.int().min(1) })
    .refine(({ index, of }) => index < of, 'index counts from 0, so it has to be less than of')
    .optional(),
});

/**
 * A doctor is asked for by hand, never by a rule: in a `detail` it would be overlooked, and the tick would act. A look at
 * the workspace `wake` is asked for by our own door.
 */
const Inside = Request.omit({ doctor: true, wake: true });

/** What a tick is asked to be about; everything absent means: all groups, for real. */
export type TickEvent = z.infer<typeof Request>;

/** What EventBridge says around an event, and what its Scheduler can be told to put into one. */
const ENVELOPE: ReadonlySet<string> = new Set([
  ...['version', 'id', 'detail-type', 'source', 'account', 'time', 'region', 'resources', 'replay-name'],
  ...['schedule-arn', 'scheduled-time', 'execution-id', 'attempt-number'].flatMap((key) => [
    key,
    `aws.scheduler.${key}`,
  ]),
]);

/** Reads an event. Throws `InputError` with one sentence that names every field at fault. */
export function readEvent(event: unknown): TickEvent {
  const { own, detail } = partsOf(event);
  const asked = Request.safeParse(own);
  const inside = Inside.safeParse(detail);
  if (asked.success && inside.success) {
    // Wherever it is said that nothing be done, nothing is.
    const dryRun = asked.data.dryRun === true || inside.data.dryRun === true;
    return { ...inside.data, ...asked.data, ...(dryRun && { dryRun }) };
  }
  const faults = [...faultsIn(asked.error, []), ...faultsIn(inside.error, ['detail'])];
  throw new InputError(
    `The event is not one that this function knows (${faults.join('; ')}); ` +
      'send {}, an event of EventBridge, {"doctor": true} to the function report, or {"dryRun"?, "groups"?: [name, …], "shard"?: {"index", "of"}}.',
  );
}

/** What is asked for in an event, and in its `detail`; the Scheduler writes that as text. */
function partsOf(event: unknown): { readonly own: unknown; readonly detail: unknown } {
  if (!isRecord(event)) return { own: event, detail: {} };
  const { detail = {}, ...own } = event;
  return {
    own: Object.fromEntries(Object.entries(own).filter(([key, value]) => !(ENVELOPE.has(key) && isPlain(value)))),
    detail: typeof detail === 'string' ? parsed(detail) : detail,
  };
}

/** What an envelope's field may hold; anything else may be meant for us, and is refused. */
function isPlain(value: unknown): boolean {
  return Array.isArray(value) ? value.every((one) => typeof one === 'string') : !isRecord(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function faultsIn(error: z.ZodError | undefined, around: readonly string[]): readonly string[] {
  const issues = error?.issues ?? [];
  return issues.map(({ path, message }) => [[...around, ...path].join('.'), message].filter(Boolean).join(': '));
}
