/** What the report says of credentials that end. */
import { describe, expect, it } from 'vitest';
import { expiryCircumstances } from '#adapters/credential-expiry.ts';
import { NOON } from '#kit/fleet.ts';

const DAY = 86_400_000;
const RENEW = 'create a new one and put it into the secret, with its own expiresAt.';

describe('a credential that ends', () => {
  it.each([
    ['in 15 days', 15 * DAY, 15, []],
    ['in exactly 14 days', 14 * DAY, 14, []],
    [
      'a moment sooner',
      14 * DAY - 1,
      13,
      [`The credential in secret ci/a expires on 2026-11-23, in 13 days; ${RENEW}`],
    ],
    ['tomorrow', DAY, 1, [`The credential in secret ci/a expires on 2026-11-10, in 1 day; ${RENEW}`]],
    ['today', DAY - 1, 0, [`The credential in secret ci/a expires on 2026-11-10, in less than a day; ${RENEW}`]],
    ['now', 0, 0, [`The credential in secret ci/a expires on 2026-11-09, in less than a day; ${RENEW}`]],
    ['a moment ago', -1, -1, [`The credential in secret ci/a expired on 2026-11-09, as the secret says; ${RENEW}`]],
    ['long ago', -30 * DAY, -30, [`The credential in secret ci/a expired on 2026-10-10, as the secret says; ${RENEW}`]],
  ])('%s', (_, in_, daysLeft, notes) => {
    const expiresAt = NOON + in_;
    expect(expiryCircumstances([{ secretId: 'ci/a', expiresAt }], NOON)).toEqual({
      credential: { expiresAt: new Date(expiresAt).toISOString(), daysLeft },
      notes,
    });
  });
});

it('tells of the first to end, and has a note for each that ends soon', () => {
  const known = [
    { secretId: 'ci/late', expiresAt: NOON + 200 * DAY },
    { secretId: 'ci/soon', expiresAt: NOON + 5 * DAY },
    { secretId: 'ci/next', expiresAt: NOON + 3 * DAY },
  ];
  const { credential, notes } = expiryCircumstances(known, NOON);
  expect(credential?.daysLeft).toBe(3);
  expect(notes.map((note) => note.split(' ')[4])).toEqual(['ci/soon', 'ci/next']);
});

it('says which date cannot be read, and watches the others', () => {
  const known = [
    { secretId: 'ci/a', expiresAt: 'unreadable' },
    { secretId: 'ci/b', expiresAt: NOON + 90 * DAY },
  ] as const;
  expect(expiryCircumstances(known, NOON)).toEqual({
    credential: { expiresAt: '2027-02-07T12:00:00.000Z', daysLeft: 90 },
    notes: [
      'The expiresAt of secret ci/a is not a date, so nothing will be said before it ends; write it as 2027-03-31.',
    ],
  });
});

it('says nothing where nothing is known', () => {
  expect(expiryCircumstances([], NOON)).toEqual({ notes: [] });
});
