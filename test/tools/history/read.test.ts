/** Histories as they come: in order or not, whole or not, in two formats; every line is accounted for. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endLine, gapLine, type HistoryStep, headerLine, stepLine } from '#tools/history/format.ts';
import { openHistory, type ReadOptions, readHistory } from '#tools/history/read.ts';
import { describeSummary, type HistorySummary } from '#tools/history/summary.ts';
import type { Arrival } from '#tools/laboratory/arrival.ts';

const START = Date.parse('2026-11-02T08:00:00Z');
const MINUTE = 60_000;
const DAY = 86_400_000;

const HEADER = headerLine({
  source: 'bitbucket',
  workspace: 'acme',
  from: START,
  to: START + 30 * DAY,
  anonymised: false,
});

function step(minute: number, over: Partial<HistoryStep> = {}): HistoryStep {
  const usual = { durationMs: 90_000, workspace: 'acme', repository: 'app', labels: ['linux', 'self.hosted'] };
  return { ready: START + minute * MINUTE, ...usual, ...over };
}

async function* once(text: string | Uint8Array) {
  yield text;
}

async function read(text: string | Uint8Array, options: ReadOptions = { name: 'h' }) {
  const history = readHistory(once(text), options);
  const arrivals: Arrival[] = [];
  for await (const arrival of history.arrivals) arrivals.push(arrival);
  const minutes = arrivals.map(({ at }) => (at - START) / MINUTE);
  return { arrivals, minutes, summary: history.summary() };
}

function text(...lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

const skippedLines = ({ skipped }: HistorySummary) =>
  Object.values(skipped).reduce((total, { lines }) => total + lines, 0);

describe('a whole history', () => {
  it('becomes arrivals, and says of itself what it is', async () => {
    const end = { steps: 2, gaps: 1, omitted: { hosted: 3, notRun: 0, unfinished: 0, outside: 0 } };
    const gap = { from: START, to: START + MINUTE, repository: 'old', reason: 'it is not there' };
    const { arrivals, summary } = await read(
      text(
        HEADER,
        gapLine(gap),
        stepLine(step(1)),
        stepLine(step(2, { repository: undefined, labels: ['linux.arm64'] })),
        endLine(end),
      ),
    );
    expect(arrivals).toEqual([
      {
        at: START + MINUTE,
        scope: { workspace: 'acme', repository: 'app' },
        labels: ['linux', 'self.hosted'],
        durationMs: 90_000,
      },
      { at: START + 2 * MINUTE, scope: { workspace: 'acme' }, labels: ['linux.arm64'], durationMs: 90_000 },
    ]);
    expect(summary).toEqual({
      name: 'h',
      lines: 5,
      steps: 2,
      marks: 3,
      blank: 0,
      skipped: {},
      reordered: 0,
      alike: 0,
      span: { from: START + MINUTE, to: START + 2 * MINUTE },
      header: { source: 'bitbucket', workspace: 'acme', from: START, to: START + 30 * DAY, anonymised: false },
      end,
      gaps: [gap],
      gapCount: 1,
      quiet: [],
    });
  });

  it('is the same in JSON Lines and in CSV, whatever its labels are', async () => {
    const label = fc.stringMatching(/^[a-z0-9."',]{1,8}$/);
    const steps = fc.array(
      fc.record({
        minute: fc.nat(10_000),
        durationMs: fc.nat(DAY),
        repository: fc.stringMatching(/^[a-z0-9."',]{1,8}$/),
        labels: fc.uniqueArray(label, { minLength: 1, maxLength: 3 }),
      }),
    );
    const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(steps, async (drawn) => {
        const made = drawn.map(({ minute, ...rest }) => step(minute, rest));
        const rows = made.map(({ ready, durationMs, workspace, repository = '', labels = [] }) =>
          [quoted(labels.join(' ')), durationMs, workspace, quoted(repository), new Date(ready).toISOString()].join(
            ',',
          ),
        );
        const json = await read(text(...made.map(stepLine), ''));
        const csv = await read(text('labels,durationMs,workspace,repository,ready', ...rows));
        expect(csv.arrivals).toEqual(json.arrivals);
        expect(csv.summary.skipped).toEqual({});
      }),
    );
  });

  it('may come in any pieces, with any line ends, and begin with a byte order mark', async () => {
    const bytes = new TextEncoder().encode(`\uFEFF${[0, 1, 2].map((minute) => stepLine(step(minute))).join('\r\n')}`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length)), async (cuts) => {
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const history = readHistory(
          (async function* () {
            for (const [index, place] of places.slice(1).entries()) yield bytes.subarray(places[index], place);
          })(),
          { name: 'h' },
        );
        expect(await Array.fromAsync(history.arrivals)).toHaveLength(3);
        expect(history.summary()).toMatchObject({ lines: 3, skipped: {} });
      }),
    );
  });
});

describe('a line', () => {
  const line = (over: object) => JSON.stringify({ ...JSON.parse(stepLine(step(1))), ...over });

  it.each([
    ['without a time', line({ ready: undefined }), 'no-time'],
    ['with a time that is none', line({ ready: '2026-13-40T00:00:00Z' }), 'no-time'],
    ['with a date only', line({ ready: '2026-11-02' }), 'no-time'],
    ['without a duration', line({ durationMs: null }), 'no-duration'],
    ['with a negative duration', line({ durationMs: -1 }), 'absurd-duration'],
    ['with a duration of more than a day', line({ durationMs: DAY + 1 }), 'absurd-duration'],
    ['without a workspace', line({ workspace: '' }), 'no-workspace'],
    ['without labels', line({ labels: undefined }), 'no-labels'],
    ['with an empty list of labels', line({ labels: [] }), 'no-labels'],
    ['with labels that are no texts', line({ labels: [1] }), 'odd-fields'],
    ['with a label in place of a list', line({ labels: 'linux' }), 'odd-fields'],
    ['with a repository that is no text', line({ repository: 7 }), 'odd-fields'],
    ['with a negative wait', line({ waitedMs: -1 }), 'odd-fields'],
    ['before the range of its file', line({ ready: new Date(START - 1).toISOString() }), 'outside'],
    ['at the end of the range of its file', line({ ready: new Date(START + 30 * DAY).toISOString() }), 'outside'],
    ['that is a list', '[]', 'unreadable'],
    ['that is half of one', line({}).slice(0, 40), 'unreadable'],
    ['with bytes that are no text', line({ repository: 'a\uFFFD' }), 'unreadable'],
    ['with a gap that says nothing', '{"gap":{}}', 'unreadable'],
    ['with an end that says nothing', '{"end":1}', 'unreadable'],
    ['with a header that says nothing', '{"history":1}', 'unreadable'],
    ['that is far too long', line({ result: 'x'.repeat(70_000) }), 'too-long'],
  ])('%s is skipped and told', async (_, odd, kind) => {
    const { minutes, summary } = await read(text(HEADER, stepLine(step(0)), odd, stepLine(step(2)), odd));
    expect(minutes).toEqual([0, 2]);
    expect(summary.skipped).toEqual({ [kind]: { lines: 2, firstLine: 3 } });
    expect(describeSummary(summary)[1]).toMatch(/^Skipped 2 lines \(the first is line 3\): /);
  });

  it.each([
    ['with a duration of nothing', line({ durationMs: 0 })],
    ['with a duration of a day', line({ durationMs: DAY })],
    ['at the very beginning of the range', line({ ready: new Date(START).toISOString() })],
    ['at the very end of the range', line({ ready: new Date(START + 30 * DAY - 1).toISOString() })],
    ['with a time in another zone', line({ ready: '2026-11-02T10:00:00+02:00' })],
    ['with a time without a zone, as spreadsheets have it', line({ ready: '2026-11-02 08:00:00' })],
    ['with fields that nobody knows', line({ colour: 'blue' })],
  ])('%s counts', async (_, good) => {
    expect((await read(text(HEADER, good))).summary).toMatchObject({ steps: 1, skipped: {} });
  });

  it('has its labels sorted, each once', async () => {
    const { arrivals } = await read(text(line({ labels: ['linux', 'big', 'linux'] })));
    expect(arrivals[0]?.labels).toEqual(['big', 'linux']);
  });
});

describe('a CSV', () => {
  it.each([
    ['too few values', 'a,b'],
    ['too many values', '2026-11-02T08:00:00Z,1,acme,linux,more'],
    ['a quotation mark without its other', '2026-11-02T08:00:00Z,1,acme,"linux'],
    ['a quotation mark in the middle', '2026-11-02T08:00:00Z,1,ac"me,linux'],
    ['text behind a quotation', '2026-11-02T08:00:00Z,1,"acme"x,linux'],
  ])('line with %s is skipped, and no line after it', async (_, odd) => {
    const good = '2026-11-02T08:00:00Z,1,acme,linux self.hosted';
    const { summary } = await read(text('ready,durationMs,workspace,labels', odd, good, '', good));
    expect(summary).toMatchObject({ lines: 5, marks: 1, blank: 1, steps: 2, alike: 1 });
    expect(summary.skipped).toEqual({ unreadable: { lines: 1, firstLine: 2 } });
  });

  it.each([
    ['an empty time', ',1,acme,linux', 'no-time'],
    ['words for a number', '2026-11-02T08:00:00Z,soon,acme,linux', 'no-duration'],
    ['an empty label field', '2026-11-02T08:00:00Z,1,acme, ', 'no-labels'],
  ])('line with %s is skipped', async (_, odd, kind) => {
    const { summary } = await read(text('ready,durationMs,workspace,labels', odd));
    expect(summary.skipped).toEqual({ [kind]: { lines: 1, firstLine: 2 } });
  });
});

describe('order', () => {
  it('is made where lines are near their place', async () => {
    const { minutes, summary } = await read(text(...[3, 1, 2, 9, 8].map((minute) => stepLine(step(minute)))));
    expect(minutes).toEqual([1, 2, 3, 8, 9]);
    expect(summary).toMatchObject({ steps: 5, reordered: 3, skipped: {} });
  });

  it('cannot be made for a line too far away, which is skipped and told', async () => {
    const lines = [5, 6, 7, 8, 1, 9].map((minute) => stepLine(step(minute)));
    const { minutes, summary } = await read(text(...lines), { name: 'h', reorder: 2 });
    expect(minutes).toEqual([5, 6, 7, 8, 9]);
    expect(summary.skipped).toEqual({ 'out-of-order': { lines: 1, firstLine: 5 } });
  });

  it('is not disturbed by one line of a far future', async () => {
    const lines = [0, 9e6, 1, 2, 3, 4, 5].map((minute) => stepLine(step(minute)));
    const { minutes, summary } = await read(text(...lines), { name: 'h', reorder: 2 });
    expect(minutes).toEqual([0, 1, 2, 3, 4, 5, 9e6]);
    expect(summary.skipped).toEqual({});
    const latest = await read(text(...lines), { name: 'h', latest: START + DAY });
    expect(latest.summary).toMatchObject({ steps: 6, skipped: { outside: { lines: 1, firstLine: 2 } } });
  });

  it('is that of sorting, whatever the file, if enough is held back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(50)), async (drawn) => {
        const { minutes } = await read(text(...drawn.map((minute) => stepLine(step(minute))), ''));
        expect(minutes).toEqual(drawn.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe('what is odd with the whole', () => {
  it('repeated steps count once', async () => {
    const lines = [step(0, { id: '1.0' }), step(0, { id: '1.1' }), step(1, { id: '1.0' })].map(stepLine);
    const { summary } = await read(text(...lines, stepLine(step(1, { id: '1.0', repository: 'other' }))));
    expect(summary).toMatchObject({ steps: 3, skipped: { repeated: { lines: 1, firstLine: 3 } } });
  });

  it('equal steps without an id count, and are told', async () => {
    const { summary } = await read(text(stepLine(step(0)), stepLine(step(0)), stepLine(step(1))));
    expect(summary).toMatchObject({ steps: 3, alike: 1 });
  });

  it('a file that was cut off is told by its last line', async () => {
    const whole = text(HEADER, stepLine(step(0)), stepLine(step(1)));
    const { minutes, summary } = await read(whole.slice(0, -20));
    expect(minutes).toEqual([0]);
    expect(describeSummary(summary)).toEqual([
      'h: 1 step in 3 lines, ready from 2026-11-02T08:00:00.000Z to 2026-11-02T08:00:00.000Z.',
      'Skipped 1 line (the first is line 3): broken off: the file ends in its middle.',
      'The file lacks its last line: it was cut off, and steps are missing.',
    ]);
  });

  it('a file that lacks a line of its middle is told by its last line', async () => {
    const end = endLine({ steps: 2, gaps: 0, omitted: { hosted: 0, notRun: 0, unfinished: 0, outside: 0 } });
    const { summary } = await read(text(HEADER, stepLine(step(0)), end));
    expect(describeSummary(summary).slice(1)).toEqual(['The file says that it has 2 steps, but has 1 line for them.']);
  });

  it('a last line without an end counts', async () => {
    expect((await read(stepLine(step(0)))).minutes).toEqual([0]);
  });

  it('long times without a step are told, the longest first, and those of which the file knows', async () => {
    const gap = gapLine({ from: START, to: START + DAY, reason: 'Bitbucket does not answer' });
    const { summary } = await read(
      text(gap, ...[0, 1440, 1440 + 1441, 1440 + 1441 + 4320].map((minute) => stepLine(step(minute)))),
    );
    expect(describeSummary(summary).slice(1)).toEqual([
      'Steps from 2026-11-02T08:00:00.000Z to 2026-11-03T08:00:00.000Z are missing: Bitbucket does not answer.',
      'No step for 3d from 2026-11-04T08:01:00.000Z on.',
      'No step for 1d 1m from 2026-11-03T08:00:00.000Z on.',
    ]);
  });

  it('every line is accounted for, whatever happened to the file', async () => {
    const good = [HEADER, ...Array.from({ length: 20 }, (_, minute) => stepLine(step(minute, { id: `${minute}` })))];
    const bytes = new TextEncoder().encode(text(...good));
    const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(bytes.length), async (hits, length) => {
        const damaged = bytes.slice(0, length);
        // The first byte says which format it is, and the next ones which version.
        for (const [place, value] of hits) if (place >= HEADER.length && place < length) damaged[place] = value;
        const { arrivals, summary } = await read(damaged, { name: 'h', reorder: 3 });
        const lines = damaged.filter((byte) => byte === 10).length + (length > 0 && damaged.at(-1) !== 10 ? 1 : 0);
        expect(summary.lines).toBe(lines);
        expect(summary.steps + summary.marks + summary.blank + skippedLines(summary)).toBe(lines);
        expect(arrivals).toHaveLength(summary.steps);
      }),
      { numRuns: 300 },
    );
  });
});

describe('what is no history', () => {
  it.each([
    ['another text', 'hello\nworld\n', /is no history: .* names the columns ready, durationMs, workspace, labels/],
    ['a later version', '{"history":2}\n', /is a history of version 2, and this program reads version 1/],
  ])('is refused: %s', async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });

  it('is refused: no file, and a directory', async () => {
    await expect(openHistory('/nonexistent/h.jsonl')).rejects.toThrow(/does not exist/);
    await expect(openHistory('/')).rejects.toThrow(/is a directory/);
  });

  it('an empty file has no steps', async () => {
    expect((await read('')).summary).toMatchObject({ lines: 0, steps: 0 });
  });
});

describe('size', () => {
  it('memory does not grow with the length', async () => {
    async function* month() {
      for (let minute = 0; minute < 200_000; minute += 100) {
        yield text(
          ...Array.from({ length: 100 }, (_, index) => stepLine(step(minute + index, { id: `${minute + index}` }))),
        );
      }
    }
    const history = readHistory(month(), { name: 'h', reorder: 1000 });
    let steps = 0;
    let [early, late] = [0, 0];
    for await (const _ of history.arrivals) {
      steps += 1;
      if (steps === 20_000) early = heapUsed();
      if (steps === 199_000) late = heapUsed();
    }
    expect(steps).toBe(200_000);
    expect(late - early).toBeLessThan(2 * 1024 * 1024);
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
