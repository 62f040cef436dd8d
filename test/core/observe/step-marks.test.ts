import { describe, expect, it } from 'vitest';
import { areTrusted, nextMarks, type StepMarks } from '#core/observe/step-marks.ts';
import { NOON, runner } from '#kit/fleet.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ago = (ms: number): StepMarks => ({ stepSeen: true, stepSeenAt: NOON - ms });
const NEVER: StepMarks = { stepSeen: false };

type Row = {
  readonly name: string;
  readonly before: StepMarks;
  readonly mark: boolean;
  readonly isPublic?: false;
  readonly after: StepMarks;
};

describe('when a step was last seen', () => {
  it.each<Row>([
    { name: 'never', before: NEVER, mark: false, after: NEVER },
    { name: 'now', before: NEVER, mark: true, after: ago(0) },
    {
      name: 'before, nobody knows when, and not now',
      before: { stepSeen: true },
      mark: false,
      after: { stepSeen: true },
    },
    { name: 'before, nobody knows when, and now', before: { stepSeen: true }, mark: true, after: ago(0) },
    { name: 'a moment ago and now: not written', before: ago(10 * MINUTE), mark: true, after: ago(10 * MINUTE) },
    { name: 'some time ago and now', before: ago(10 * MINUTE + 1), mark: true, after: ago(0) },
    { name: 'some time ago, and not now', before: ago(HOUR), mark: false, after: ago(HOUR) },
    {
      name: 'on the internal surface, where that is all the same',
      before: NEVER,
      mark: true,
      isPublic: false,
      after: { stepSeen: true },
    },
  ])('$name', ({ before, mark, isPublic = true, after }) => {
    const listed = [runner(), runner({ hasStep: mark })];
    expect(nextMarks(before, listed, isPublic, NOON)).toStrictEqual(after);
  });
});

describe('whether marks are trusted', () => {
  it.each([
    { name: 'never seen', marks: NEVER, coolDownMs: 0, trusted: false },
    { name: 'seen, nobody knows when', marks: { stepSeen: true }, coolDownMs: 0, trusted: false },
    { name: 'seen an hour ago', marks: ago(HOUR), coolDownMs: 0, trusted: true },
    { name: 'seen longer ago', marks: ago(HOUR + 1), coolDownMs: 0, trusted: false },
    { name: 'seen twice a long cool-down ago', marks: ago(4 * HOUR), coolDownMs: 2 * HOUR, trusted: true },
    { name: 'seen longer ago than that', marks: ago(4 * HOUR + 1), coolDownMs: 2 * HOUR, trusted: false },
  ])('$name: $trusted', ({ marks, coolDownMs, trusted }) => {
    expect(areTrusted(marks, coolDownMs, NOON)).toBe(trusted);
  });
});
