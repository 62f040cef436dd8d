/** Spans of time as scenario files write them. */
import * as z from 'zod';
import { parseSpan } from '#yaml/quantity.ts';

const form = z.union([z.string(), z.number().nonnegative()], {
  error: 'must be a span of time like 30d, 2h30m or 45s',
});

/** `30d`, `1d12h`, `90s`, or a number of seconds; comes out as milliseconds. */
export const span = form.transform((text, context) => {
  const ms = parseSpan(text);
  if (Number.isFinite(ms)) return ms;
  context.addIssue({ code: 'custom', message: `"${text}" is no span of time; write it like 30d, 2h30m or 45s` });
  return z.NEVER;
});

/** A span that repeats or lasts, and so cannot be 0. */
export const longerThanNothing = span.refine((ms) => ms > 0, 'must be longer than nothing');
