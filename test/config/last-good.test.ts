/** Which configuration is the last good one, when it is saved, and what is said of it. */
import { describe, expect, it } from 'vitest';
import {
  describeFallback,
  describeRefusal,
  goodConfiguration,
  isRefusal,
  isToBeSaved,
  isWhole,
  lastGoodKey,
  laterInForce,
  readFrom,
  rememberTexts,
} from '#config/last-good.ts';
import { InputError, ServiceError } from '#core/errors.ts';
import { fleet, group, NOON } from '#kit/fleet.ts';

const DAY = 86_400_000;
const TEXTS = { 'r.yaml': 'groups: []', 'large.yaml': 'kind: Job' };
const OTHER = { ...TEXTS, 'large.yaml': 'kind: CronJob' };

describe('texts', () => {
  it('are remembered as they are read, and read again as they were remembered', async () => {
    const { texts, readText } = rememberTexts(async (source) => `text of ${source}`);
    await readText('a');
    await readText('b');
    expect(texts).toEqual({ a: 'text of a', b: 'text of b' });
    expect(await readFrom(texts)('b')).toBe('text of b');
  });

  it('that could not be read are not remembered', async () => {
    const { texts, readText } = rememberTexts(async () => Promise.reject(new InputError('x')));
    await expect(readText('a')).rejects.toThrow('x');
    expect(texts).toEqual({});
  });

  it.each(['c', 'constructor'])('that were not kept are no file: %s', async (source) => {
    const read = readFrom(TEXTS)(source);
    await expect(read).rejects.toThrow(InputError);
    await expect(read).rejects.toThrow(`${source} is not part of the last good configuration`);
  });
});

it('has a state document of its own for every source', () => {
  expect(lastGoodKey('s3://ci/runners.yaml')).toBe('config/s3://ci/runners.yaml');
});

it('is whole when no group waits for a template', () => {
  expect(isWhole(fleet([group(), group({ name: 'b' })]))).toBe(true);
  expect(isWhole(fleet([group(), group({ name: 'b', unready: 'S3 is down' })]))).toBe(false);
});

describe('the date of a configuration', () => {
  it.each([
    ['nothing is known', undefined, NOON],
    ['the same texts are in force', { since: 7, texts: { ...TEXTS } }, 7],
    ['other texts are in force', { since: 7, texts: OTHER }, NOON],
    ['a text has come', { since: 7, texts: { 'r.yaml': TEXTS['r.yaml'] } }, NOON],
    ['a text has gone', { since: 7, texts: { ...TEXTS, more: '' } }, NOON],
    [
      'a text has another name',
      { since: 7, texts: { 'r.yaml': TEXTS['r.yaml'], 'x.yaml': TEXTS['large.yaml'] } },
      NOON,
    ],
  ])('when %s', (_, before, since) => {
    expect(goodConfiguration(TEXTS, NOON, before)).toEqual({ since, texts: TEXTS });
  });
});

it('takes the one that came into force later', () => {
  const [old, young] = [
    { since: 1, texts: TEXTS },
    { since: 2, texts: OTHER },
  ];
  expect(laterInForce(old, young)).toBe(young);
  expect(laterInForce(young, old)).toBe(young);
  expect(laterInForce(undefined, old)).toBe(old);
  expect(laterInForce(old, undefined)).toBe(old);
  expect(laterInForce(undefined, undefined)).toBeUndefined();
});

describe('saving', () => {
  const good = { since: NOON - 90 * DAY, texts: TEXTS };
  const savedAt = (at: number, texts = TEXTS) => ({ since: good.since, texts, savedAt: at });
  it.each([
    ['nothing is saved', undefined, true],
    ['something else is saved', savedAt(NOON, OTHER), true],
    ['it has just been saved', savedAt(NOON), false],
    ['it was saved nearly a day ago', savedAt(NOON - DAY + 1), false],
    ['it was saved a day ago', savedAt(NOON - DAY), true],
  ])('when %s: %s', (_, saved, expected) => {
    expect(isToBeSaved(good, saved, NOON)).toBe(expected);
  });
});

describe('what is said of it', () => {
  const wrong = (line: number, path: string) => ({ source: 'r.yaml', line, column: 5, path, message: 'unknown key' });
  it.each([
    ['one problem', new InputError([wrong(6, 'grops')]), 'is refused (r.yaml:6:5 grops: unknown key)'],
    [
      'two problems',
      new InputError([wrong(6, 'grops'), wrong(7, 'x')]),
      'is refused (r.yaml:6:5 grops: unknown key; and 1 more problem)',
    ],
    [
      'three problems',
      new InputError([wrong(6, 'grops'), wrong(7, 'x'), wrong(8, 'y')]),
      'is refused (r.yaml:6:5 grops: unknown key; and 2 more problems)',
    ],
    ['no file', new InputError('r.yaml does not exist'), 'cannot be used (r.yaml does not exist)'],
    [
      'a service that fails',
      new ServiceError('AWS failed at s3:GetObject', { service: 'aws', outcome: 'unknown' }),
      'cannot be read (AWS failed at s3:GetObject)',
    ],
  ])('%s', (_, error, refusal) => {
    expect(isRefusal(error)).toBe(true);
    expect(describeRefusal(error)).toBe(refusal);
  });

  it('is one sentence with the date', () => {
    expect(describeFallback('is refused (r.yaml:6:5 x: y)', '2026-11-20 08:00 UTC')).toBe(
      'The configuration is refused (r.yaml:6:5 x: y), so the one in force since 2026-11-20 08:00 UTC stays until that is put right; "validate" tells everything that is wrong.',
    );
  });

  it('is nothing for a defect', () => {
    expect(isRefusal(new TypeError('x'))).toBe(false);
  });
});
