/** The event that both functions take: a scheduled one of EventBridge, which says nothing, or a request by hand. */
import * as z from 'zod';
import { InputError } from '#core/errors.ts';

const Request = z.strictObject({
  dryRun: z.boolean().optional(),
  doctor: z.literal(true).optional(),
  groups: z.array(z.string().min(1)).min(1).optional(),
  shard: z
    .strictObject({ index: z.int().min(0), of: z.int().min(1) })
    .refine(({ index, of }) => index < of, 'index counts from 0, so it has to be less than of')
    .optional(),
});

/** What a tick is asked to be about; everything absent means: all groups, for real. */
export type TickEvent = z.infer<typeof Request>;

const ScheduledEvent = z.looseObject({ 'detail-type': z.string(), source: z.string() });

/** Reads an event. Throws `InputError` with one sentence that names every field at fault. */
export function readEvent(event: unknown): TickEvent {
  if (ScheduledEvent.safeParse(event).success) return {};
  const parsed = Request.safeParse(event);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => [issue.path.join('.'), issue.message].filter(Boolean).join(': '));
  throw new InputError(
    `The event is not one that this function knows (${faults.join('; ')}); ` +
      'send {}, an event of EventBridge, {"doctor": true} to the function report, or {"dryRun"?, "groups"?: [name, …], "shard"?: {"index", "of"}}.',
  );
}

/** Whether an event asks for a doctor, whatever else is in it. */
export function isForDoctor(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'doctor' in event && event.doctor === true;
}
