/** What is remembered of an answer's word on the limit: what it said, and nothing that it did not say. */
import { expect, it } from 'vitest';
import { largerIn, wordOf } from '#adapters/budget/throttle.ts';
import { NOON } from '#kit/fleet.ts';

it.each([
  { name: 'a limit alone', said: { limit: 900 }, kept: { at: NOON, limit: 900 } },
  { name: 'what is left alone', said: { remaining: 7 }, kept: { at: NOON, left: 7 } },
  { name: 'that few are left', said: { nearLimit: true }, kept: { at: NOON, left: 200 } },
  { name: 'that enough are left, which is no number', said: { nearLimit: false }, kept: { at: NOON } },
  { name: 'all of it', said: { limit: 900, remaining: 7, nearLimit: true }, kept: { at: NOON, limit: 900, left: 7 } },
])('$name', ({ said, kept }) => {
  expect(wordOf(said, 1000, NOON)).toStrictEqual({ word: kept });
});

it('nothing, where nothing is said', () => {
  expect([
    wordOf(undefined, 1000, NOON),
    wordOf({}, 1000, NOON),
    wordOf({ resource: 'api' }, 1000, NOON),
  ]).toStrictEqual([{}, {}, {}]);
  expect([largerIn(undefined, NOON), largerIn({ limit: 2000 }, NOON)]).toStrictEqual([{}, {}]);
});
