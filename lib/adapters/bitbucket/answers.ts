/**
 * Bitbucket's answers as data. Parsing is loose where Bitbucket may grow (unknown fields, unknown statuses, missing
 * timestamps) and strict where a wrong guess could cost a build (what is a list, what is a runner's uuid).
 */
import * as z from 'zod';
import type { Instant, Runner, RunnerStatus } from '#core/model/observation.ts';
import { bracedUuid } from '#core/uuid.ts';
import type { Answer } from '../http/exchange.ts';
import { unusableAnswer } from './failure.ts';

const Uuid = z.string().regex(/^\{?[0-9a-z-]{1,64}\}?$/i, 'expected a uuid');
/** Whoever registers a runner names it; no more than that of any text is kept. */
const LONGEST_TEXT = 200;
const MOST_LABELS = 100;
const Foreign = z.string().transform((text) => text.slice(0, LONGEST_TEXT));
const Text = Foreign.nullish();

/** One runner, as GET and PUT answer. */
export const RunnerDocument = z.object({
  uuid: Uuid,
  name: Text,
  labels: z
    .array(Foreign)
    .transform((labels) => labels.slice(0, MOST_LABELS))
    .nullish(),
  created_on: Text,
  updated_on: Text,
  state: z
    .object({
      status: Text,
      updated_on: Text,
      cordoned: z.boolean().nullish(),
      step: z.unknown().optional(),
      // Nothing but a hint: whatever else stands there is no reason to refuse a list.
      version: z.object({ version: Foreign, current: Foreign }).nullish().catch(undefined),
    })
    .nullish(),
});

/** A new runner, as POST answers; the only document with the secret in it. */
export const RegistrationDocument = RunnerDocument.extend({
  oauth_client: z.object({ id: z.string().min(1), secret: z.string().min(1) }),
});

/** One page of a list of runners. */
export const RunnerPage = z.object({
  values: z.array(RunnerDocument),
  next: z.string().nullish(),
  size: z.number().int().nonnegative().nullish(),
});

/** A workspace or a repository, of which only the uuid matters. */
export const IdentifiedDocument = z.object({ uuid: Uuid });

/**
 * The answer's body as `schema` says. Throws ServiceError with one sentence that says what is wrong and where, but
 * never shows the body: it may carry a secret.
 */
export function parseAnswer<Schema extends z.ZodType>(schema: Schema, answer: Answer, doing: string): z.output<Schema> {
  const { data, error } = schema.safeParse(parseJson(answer, doing));
  if (error === undefined) return data as z.output<Schema>;
  const [issue] = error.issues;
  const where = issue?.path.join('.') || 'the document';
  const what = `has an unexpected form at ${where} (${issue?.message ?? 'invalid'})`;
  throw unusableAnswer(
    doing,
    `Bitbucket's answer ${what}; check BITBUCKET_BASE_URL, and for a newer version of this program`,
    answer.status,
  );
}

function parseJson({ text, status }: Answer, doing: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const what = text.trim() === '' ? 'empty' : 'not JSON';
    const reason = `Bitbucket's answer is ${what}; check BITBUCKET_BASE_URL and any proxy on the way`;
    throw unusableAnswer(doing, reason, status);
  }
}

const STATUSES: readonly RunnerStatus[] = ['UNREGISTERED', 'ONLINE', 'OFFLINE', 'DISABLED', 'ENABLED', 'UNHEALTHY'];

/**
 * A runner as the model knows it. A missing or unreadable time counts as `now`, because the young are left alone: a
 * runner of unknown age is never taken for one that has failed to start.
 */
export function toRunner(document: z.output<typeof RunnerDocument>, now: Instant): Runner {
  const { state } = document;
  const statusText = state?.status ?? 'missing';
  const createdAt = parseTimestamp(document.created_on) ?? now;
  const version = state?.version;
  return {
    uuid: bracedUuid(document.uuid),
    name: document.name ?? '',
    labels: (document.labels ?? []).toSorted(),
    status: STATUSES.find((status) => status === statusText) ?? 'UNKNOWN',
    statusText,
    cordoned: state?.cordoned ?? false,
    hasStep: state?.step !== undefined && state.step !== null,
    createdAt,
    stateChangedAt: parseTimestamp(state?.updated_on) ?? parseTimestamp(document.updated_on) ?? createdAt,
    ...(version && isOlder(version.version, version.current) && { behind: version }),
  };
}

/** Whether the first of two versions such as `3.1.0` comes before the other; one that is written otherwise does not. */
function isOlder(version: string, current: string): boolean {
  const [own, other] = [version, current].map((text) => text.split('.').map(Number));
  const differs = other?.findIndex((part, index) => part !== (own?.[index] ?? 0)) ?? -1;
  return differs >= 0 && (own?.[differs] ?? 0) < (other?.[differs] ?? 0);
}

/** ISO 8601 with up to nanoseconds, of which milliseconds are kept; without a zone it is UTC. */
export function parseTimestamp(text: string | null | undefined): Instant | undefined {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/.exec(text ?? '');
  if (parts === null) return undefined;
  const [, seconds, fraction = '', zone = 'Z'] = parts;
  const instant = Date.parse(`${seconds}${fraction.slice(0, 4)}${zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}`);
  return Number.isNaN(instant) ? undefined : instant;
}
