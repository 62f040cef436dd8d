/**
 * Spans of pipelines that somebody wants to look at, since nobody has seen what they really hold. They are kept without
 * anything that names anybody: shape, numbers and the names of fields stay.
 */
import * as z from 'zod';
import type { Instant } from '#core/model/observation.ts';
import type { StateStore } from '#core/ports.ts';
import { isRecord } from '#yaml/values.ts';

const document = z.object({ wanted: z.int(), spans: z.array(z.unknown()) });

const KEY = 'wake/capture';

/** The most that are kept at once: their document stays below what a state store takes. */
export const MOST_SPANS = 50;

/** Of one span, in characters. */
const LONGEST_SPAN = 6_000;

/** Asks for so many spans from now on. */
export async function requestCapture(state: StateStore, wanted: number, now: Instant): Promise<void> {
  const before = (await state.load([KEY])).get(KEY);
  const value = { wanted, spans: [] };
  await state.save([{ key: KEY, expectedVersion: before?.version ?? 0, value }], now);
}

/** Those that have come. */
export async function capturedSpans(state: StateStore): Promise<readonly unknown[]> {
  return document.safeParse((await state.load([KEY])).get(KEY)?.value).data?.spans ?? [];
}

/**
 * Keeps a span if somebody wants one more; of one that is too long only how long it is, without names. Of two that come at once
 * one may be lost.
 */
export async function capture(span: unknown, state: StateStore, now: Instant): Promise<void> {
  const before = (await state.load([KEY])).get(KEY);
  const { wanted = 0, spans = [] } = document.safeParse(before?.value).data ?? {};
  if (before === undefined || spans.length >= wanted) return;
  const anonymous = anonymise(span);
  const { length } = JSON.stringify(anonymous);
  const value = { wanted, spans: [...spans, length > LONGEST_SPAN ? { tooLong: length } : anonymous] };
  await state.save([{ key: KEY, expectedVersion: before.version, value }], now);
}

/** Words of Bitbucket's and OpenTelemetry's own, which name nobody. */
const KNOWN =
  /^(?:bbc\.[a-z_]+|PENDING|READY|IN_PROGRESS|COMPLETED|SUCCESSFUL|FAILED|STOPPED|ERROR|EXPIRED|PAUSED|HALTED|\d{10,20})$/;

/** Names of fields and of attributes, as documents and OpenTelemetry write them; what people name often looks otherwise. */
const FIELD = /^[a-zA-Z_.]{1,60}$/;
const ATTRIBUTE = /^[a-z_.]{1,60}$/;

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;

/** The same shape, in which the same uuid is the same number, and other texts are told by their length. */
export function anonymise(span: unknown): unknown {
  const uuids = new Map<string, string>();
  const hide = (text: string): string => {
    if (KNOWN.test(text)) return text;
    const uuid = UUID.exec(text)?.[0].toLowerCase();
    if (uuid === undefined) return `text of ${text.length}`;
    if (!uuids.has(uuid)) uuids.set(uuid, `uuid ${uuids.size + 1}`);
    return uuids.get(uuid) ?? '';
  };
  const walk = (value: unknown, field = ''): unknown => {
    if (Array.isArray(value)) return value.map((one) => walk(one));
    if (isRecord(value)) {
      const named = ([key, one]: [string, unknown]) => [FIELD.test(key) ? key : hide(key), walk(one, key)];
      return Object.fromEntries(Object.entries(value).map(named));
    }
    // OpenTelemetry writes the names of attributes as values of "key".
    if (field === 'key' && typeof value === 'string' && ATTRIBUTE.test(value)) return value;
    return typeof value === 'string' ? hide(value) : value;
  };
  return walk(span);
}
