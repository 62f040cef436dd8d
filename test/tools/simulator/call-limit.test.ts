import { expect, it } from 'vitest';
import { CallLimit } from '#tools/simulator/call-limit.ts';

const MINUTE_MS = 60_000;
const START = 1_793_923_200_000;

it('lets as many calls pass in an hour as the limit says, and no more', () => {
  const limit = new CallLimit(3);
  const at = (minute: number) => limit.count(START + minute * MINUTE_MS);
  expect([at(0), at(0), at(30), at(59)]).toEqual(['passed', 'passed', 'passed', 'too many']);
  // The first two are over, the one that was turned away is not.
  expect([at(60), at(60)]).toEqual(['passed', 'too many']);
  expect(limit.most).toBe(4);
  expect([at(200), at(200), at(200), at(200)]).toEqual(['passed', 'passed', 'passed', 'too many']);
});
