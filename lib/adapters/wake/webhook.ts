/** Events of Bitbucket: whether they are genuine, and what of them is read, which is little. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import type { Secret } from '#core/secret.ts';

/** Events that may be worth a look: of a push, of a build's state, and of a step's end. */
const EVENTS = /^(?:repo:push|repo:commit_status_(?:created|updated)|pipeline:span_created)$/;

/** Whether `signature` (`sha256=` and 64 hexadecimal digits) is that of the body; takes as long for one as for another. */
export function isSigned(body: Buffer, signature: string, secret: Secret): boolean {
  const expected = createHmac('sha256', secret.reveal()).update(body).digest();
  const given = Buffer.from(/^sha256=([0-9a-f]{64})$/i.exec(signature)?.[1] ?? '', 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Whether anything is read of an event of this name. */
export function isHint(event: string): boolean {
  return EVENTS.test(event);
}

/** Whether an event of this name carries spans. */
export function isSpan(event: string): boolean {
  return event === 'pipeline:span_created';
}

const payload = z.object({
  repository: z.object({
    full_name: z.string().optional(),
    workspace: z.object({ slug: z.string().optional(), uuid: z.string().optional() }).optional(),
  }),
});

/** The names of the workspace that the event is of, its slug and its uuid; none where it says neither. */
export function workspacesIn(body: unknown): readonly string[] {
  const { repository } = payload.safeParse(body).data ?? {};
  const { slug, uuid } = repository?.workspace ?? {};
  return [slug, uuid, repository?.full_name?.split('/')[0]].flatMap((name) => name?.toLowerCase() ?? []);
}
