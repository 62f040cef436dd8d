/** Credentials end, and those of Bitbucket after a year at most: what the report says of that, and from when on. Pure. */

import type { Instant } from '#core/model/observation.ts';
import { plural } from '#core/quantities.ts';
import type { Circumstances } from '#core/report.ts';
import { DAY_MS } from '#core/time.ts';

/** What a secret says of its end; `unreadable`: something that is no date. */
export type KnownExpiry = { readonly secretId: string; readonly expiresAt: Instant | 'unreadable' };

/** Days before the expiry at which a note appears and the alarm fires: a holiday, and time to find who may renew it. */
export const WARNING_DAYS = 14;

/** What the report says of these credentials at `now`: a note for each that ends soon, and the numbers of the first to. */
export function expiryCircumstances(
  known: readonly KnownExpiry[],
  now: Instant,
): Pick<Circumstances, 'notes' | 'credential'> {
  const dated = known.flatMap(({ secretId, expiresAt }) =>
    expiresAt === 'unreadable' ? [] : [{ secretId, expiresAt, daysLeft: Math.floor((expiresAt - now) / DAY_MS) }],
  );
  const [first] = dated.toSorted((one, other) => one.expiresAt - other.expiresAt);
  return {
    notes: [
      ...known.filter(({ expiresAt }) => expiresAt === 'unreadable').map(describeUnreadable),
      ...dated.filter(({ daysLeft }) => daysLeft < WARNING_DAYS).map(describeEnd),
    ],
    ...(first && { credential: { expiresAt: new Date(first.expiresAt).toISOString(), daysLeft: first.daysLeft } }),
  };
}

function describeUnreadable({ secretId }: KnownExpiry): string {
  return `The expiresAt of secret ${secretId} is not a date, so nothing will be said before it ends; write it as 2027-03-31.`;
}

function describeEnd(end: {
  readonly secretId: string;
  readonly expiresAt: Instant;
  readonly daysLeft: number;
}): string {
  const day = new Date(end.expiresAt).toISOString().slice(0, 10);
  return `The credential in secret ${end.secretId} ${describeTime(end.daysLeft, day)}; create a new one and put it into the secret, with its own expiresAt.`;
}

function describeTime(daysLeft: number, day: string): string {
  if (daysLeft < 0) return `expired on ${day}, as the secret says`;
  if (daysLeft === 0) return `expires on ${day}, in less than a day`;
  return `expires on ${day}, in ${daysLeft} ${plural(daysLeft, 'day')}`;
}
