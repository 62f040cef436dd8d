import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHistoryStep, type HistoryStep, parseHistoryLine } from '../../lib/history/format.ts';
import { describeQuality, readHistory } from '../../lib/history/read.ts';
import type { Arrival } from '../../lib/laboratory/arrival.ts';

const START = Date.UTC(2026, 9, 1, 8);
const MINUTE_MS = 60_000;

function step(minute: number): HistoryStep {
  return { at: START + minute * MINUTE_MS, workspace: 'acme', repository: 'shop', labels: ['linux'], durationMs: 1000 };
}

function line(minute: number): string {
  return `${formatHistoryStep(step(minute))}\n`;
}

async function read(...pieces: readonly string[]) {
  async function* stream() {
    yield* pieces;
  }
  const reading = readHistory(stream());
  const arrivals: Arrival[] = [];
  for await (const arrival of reading.arrivals) arrivals.push(arrival);
  return { minutes: arrivals.map(({ at }) => (at - START) / MINUTE_MS), arrivals, quality: reading.quality() };
}

const CLEAN = { unreadable: 0, isTruncated: false, outOfOrder: 0 };

describe('a line', () => {
  it.each([
    ['an instant as text', '"2026-10-01T10:00:00+02:00"'],
    ['an instant as a number', `${START}`],
  ])('has %s', (_name, at) => {
    const text = `{"at":${at},"workspace":"acme","repository":"shop","labels":["linux"],"durationMs":1000,"pipeline":7}`;
    expect(parseHistoryLine(text)).toEqual({ step: step(0) });
  });

  it.each([
    ['{"at":', 'is not JSON'],
    ['[]', 'is no step'],
    ['{}', 'has no usable "at"'],
    ['{"at":"yesterday"}', 'has no usable "at"'],
    ['{"at":1,"workspace":"a","repository":"b","labels":[""],"durationMs":1}', 'has no usable "labels.0"'],
    ['{"at":1,"workspace":"a","repository":"b","labels":[],"durationMs":-1}', 'has no usable "durationMs"'],
  ])('%s %s', (text, problem) => {
    expect(parseHistoryLine(text)).toEqual({ problem });
  });
});

describe('a history', () => {
  it('is a stream of steps', async () => {
    const { arrivals, quality } = await read(line(0), line(5));
    expect(arrivals[0]).toEqual({
      at: START,
      scope: { workspace: 'acme', repository: 'shop' },
      labels: ['linux'],
      durationMs: 1000,
    });
    expect(quality).toEqual({
      ...CLEAN,
      steps: 2,
      from: START,
      to: START + 5 * MINUTE_MS,
      longestGapMs: 5 * MINUTE_MS,
    });
  });

  it('may be empty', async () => {
    expect((await read('')).quality).toEqual({ ...CLEAN, steps: 0, longestGapMs: 0 });
  });

  it('may come in any pieces', async () => {
    const text = [0, 1, 2, 3].map(line).join('');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(text.length)), async (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((place, index) => text.slice(places[index], place));
        expect((await read(...pieces)).minutes).toEqual([0, 1, 2, 3]);
      }),
    );
  });

  it('tells of lines that are no steps, and of the first of them', async () => {
    const { minutes, quality } = await read(line(0), 'nonsense\n', '\n', line(1), '{}\n');
    expect(minutes).toEqual([0, 1]);
    expect(quality).toMatchObject({ unreadable: 2, firstUnreadable: { line: 2, problem: 'is not JSON' } });
    expect(describeQuality(quality, 'h.jsonl')).toEqual([
      'h.jsonl: 2 lines are no steps and were not played; the first is line 2, which is not JSON.',
    ]);
  });

  it('tells of a last line that is cut off, and takes one that only lacks its end', async () => {
    const cut = await read(line(0), line(1).slice(0, 20));
    expect(cut).toMatchObject({ minutes: [0], quality: { isTruncated: true, unreadable: 0 } });
    expect(describeQuality(cut.quality, 'h.jsonl')).toEqual([
      'h.jsonl: its last line is cut off and was not played; export it anew to have it whole.',
    ]);
    expect(await read(line(0), line(1).trimEnd())).toMatchObject({ minutes: [0, 1], quality: { isTruncated: false } });
  });

  it('plays a step that comes too early at the time of the one before it, and tells', async () => {
    const { minutes, quality } = await read(line(5), line(3), line(4), line(9));
    expect(minutes).toEqual([5, 5, 5, 9]);
    expect(quality).toMatchObject({ steps: 4, outOfOrder: 2, longestGapMs: 4 * MINUTE_MS });
    expect(describeQuality(quality, 'h.jsonl')).toEqual([
      'h.jsonl: 2 steps lie before the one before them and were played at its time; sort the file by "at".',
    ]);
  });
});
