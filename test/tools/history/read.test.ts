/** Histories as they come: in order or not, whole or not, in two formats; every line is accounted for. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '#core/errors.ts';
import type { Arrival } from '#tools/arrival.ts';
import { endLine, gapLine, type HistoryStep, headerLine, NOTHING_OMITTED, stepLine } from '#tools/history/format.ts';
import { openHistory, type ReadOptions, readHistory } from '#tools/history/read.ts';
import { describeSummary, type HistorySummary } from '#tools/history/summary.ts';

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

async function readUntilRefused(bytes: Uint8Array) {
  const history = readHistory(once(bytes), { name: 'h' });
  const arrivals = await Array.fromAsync(history.arrivals).catch((error: unknown) => String(error));
  const error = typeof arrivals === 'string' ? arrivals : undefined;
  return { arrivals, error, summary: history.summary() };
}

/** Puts values at places. The first byte says which format it is, and the next ones which version: they stay. */
function damage(bytes: Uint8Array, hits: readonly (readonly [number, number])[]): Uint8Array {
  for (const [place, value] of hits) if (place >= HEADER.length && place < bytes.length) bytes[place] = value;
  return bytes;
}

function linesIn(bytes: Uint8Array): number {
  return bytes.filter((byte) => byte === 10).length + (bytes.length > 0 && bytes.at(-1) !== 10 ? 1 : 0);
}

function text(...lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

const skippedLines = ({ skipped }: HistorySummary) =>
  Object.values(skipped).reduce((total, { lines }) => total + lines, 0);

describe('durations', () => {
  it.each([
    ['most of seconds, taken for milliseconds', [240, 95, 3_600, 90_000], 'durationMs is in milliseconds'],
    ['half of them short', [240, 4_999, 5_000, 90_000], ''],
  ])('%s', async (_name, durations, told) => {
    const lines = durations.map((durationMs, minute) => stepLine(step(minute, { durationMs })));
    const { summary } = await read(lines.join('\n'));
    const sentences = describeSummary(summary).filter((sentence) => sentence.includes('milliseconds'));
    expect(sentences).toEqual(told === '' ? [] : [expect.stringContaining(told)]);
  });
});

describe('what steps really waited', () => {
  it('is summed up where the file says it, under whatever scaled them', async () => {
    const waits = [0, 1_000, 2_000, 3_000, 94_000];
    const lines = waits.map((waitedMs, minute) => stepLine(step(minute, { waitedMs })));
    const { summary } = await read([...lines, stepLine(step(9))].join('\n'));
    expect(summary.waited).toEqual({ steps: 5, meanMs: 20_000, p50Ms: 2_000, p95Ms: 94_000, longestMs: 94_000 });
    expect(describeSummary(summary)[1]).toBe(
      '5 steps really waited 20s on average, half of them at most 2s, 95 % at most 1m 34s, one 1m 34s.',
    );
    expect('waited' in (await read(stepLine(step(9)))).summary).toBe(false);
  });
});

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
      alike: 0,
      brief: 0,
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
        const made = drawn
          .toSorted((one, other) => one.minute - other.minute)
          .map(({ minute, ...rest }) => step(minute, rest));
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
    ['without a time', line({ ready: undefined }), 'invalid', 'ready is missing'],
    ['with a time that is none', line({ ready: '2026-13-40T00:00:00Z' }), 'invalid', 'ready is missing'],
    ['with a date only', line({ ready: '2026-11-02' }), 'invalid', 'ready is missing'],
    ['without a duration', line({ durationMs: null }), 'invalid', 'durationMs is missing'],
    [
      'with a negative duration',
      line({ durationMs: -1 }),
      'invalid',
      'durationMs is missing, of the wrong type or out of bounds',
    ],
    [
      'with a duration of more than a day',
      line({ durationMs: DAY + 1 }),
      'invalid',
      'durationMs is missing, of the wrong type or out of bounds',
    ],
    ['without a workspace', line({ workspace: '' }), 'invalid', 'workspace is missing'],
    ['without labels', line({ labels: undefined }), 'no-labels', undefined],
    ['with an empty list of labels', line({ labels: [] }), 'no-labels', undefined],
    ['with labels that are no texts', line({ labels: [1] }), 'invalid', 'labels is missing'],
    ['with a label in place of a list', line({ labels: 'linux' }), 'invalid', 'labels is missing'],
    ['with a repository that is no text', line({ repository: 7 }), 'invalid', 'repository is missing'],
    ['with a negative wait', line({ waitedMs: -1 }), 'invalid', 'waitedMs is missing'],
    [
      'before the range of its file',
      line({ ready: new Date(START - 1).toISOString() }),
      'invalid',
      'ready is not within the time that the file covers',
    ],
    [
      'at the end of the range of its file',
      line({ ready: new Date(START + 30 * DAY).toISOString() }),
      'invalid',
      'ready is not within the time that the file covers',
    ],
    ['that is a list', '[]', 'invalid', 'it is no JSON object'],
    ['that is half of one', line({}).slice(0, 40), 'invalid', 'it is no JSON object'],
    ['with bytes that are no text', line({ repository: 'a\uFFFD' }), 'invalid', 'it is no UTF-8'],
    ['with a gap that says nothing', '{"gap":{}}', 'invalid', 'from is missing'],
    ['with an end that says nothing', '{"end":1}', 'invalid', 'its value is missing'],
    ['with a header that says nothing', '{"history":1}', 'invalid', 'workspace is missing'],
    ['that is far too long', line({ result: 'x'.repeat(70_000) }), 'invalid', 'it is longer than any line'],
  ])('%s is skipped and told', async (_, odd, kind, why) => {
    const { minutes, summary } = await read(text(HEADER, stepLine(step(0)), odd, stepLine(step(2)), odd));
    expect(minutes).toEqual([0, 2]);
    const first = why === undefined ? {} : { why: expect.stringContaining(why) };
    expect(summary.skipped).toEqual({ [kind]: { lines: 2, firstLine: 3, ...first } });
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
    expect(summary.skipped).toEqual({
      invalid: { lines: 1, firstLine: 2, why: 'it has not one value for each column' },
    });
  });

  it.each([
    ['an empty time', ',1,acme,linux', 'invalid', 'ready is missing'],
    ['words for a number', '2026-11-02T08:00:00Z,soon,acme,linux', 'invalid', 'durationMs is missing'],
    ['far too many letters', `2026-11-02T08:00:00Z,1,acme,${'x'.repeat(70_000)}`, 'invalid', 'it is longer'],
    ['bytes that are no text', '2026-11-02T08:00:00Z,1,acme,linux\uFFFD', 'invalid', 'it is no UTF-8'],
    ['an empty label field', '2026-11-02T08:00:00Z,1,acme, ', 'no-labels', undefined],
  ])('line with %s is skipped', async (_, odd, kind, why) => {
    const { summary } = await read(text('ready,durationMs,workspace,labels', odd));
    const first = why === undefined ? {} : { why: expect.stringContaining(why) };
    expect(summary.skipped).toEqual({ [kind]: { lines: 1, firstLine: 2, ...first } });
  });
});

describe('order', () => {
  const lines = [3, 1, 2, 2].map((minute) => stepLine(step(minute)));
  const rows = [3, 1, 2, 2].map((minute) => `acme,1,linux,${new Date(START + minute * MINUTE).toISOString()}`);

  it.each<[string, readonly string[], RegExp]>([
    ['JSON Lines', [HEADER, ...lines], /line 3 is ready at .*08:01:00.000Z, but a line before it at .*08:03:00.000Z;/],
    ['JSON Lines in which "ready" is not first', lines.map((line) => line.replace('{', '{"result":"OK",')), /: jq -c/],
    ['a CSV', ['workspace,durationMs,labels,ready', ...rows], /: \(head -n 1 .* sort -t , -k 4,4\) > /],
  ])('is asked for: %s out of order is refused with the command that sorts it', async (_, content, message) => {
    const file = path.join(await mkdtemp(path.join(tmpdir(), 'history-')), "it's.txt");
    await writeFile(file, text(...content));
    const { arrivals } = await openHistory(file);
    const error = await Array.fromAsync(arrivals).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    const sentence = String((error as InputError).message);
    expect(sentence).toMatch(message);
    const command = sentence.slice(sentence.indexOf('use the result: ') + 'use the result: '.length);
    if (command.startsWith('jq') && spawnSync('jq', ['--version']).status !== 0) return;
    execFileSync('sh', ['-c', command]);
    const sorted = await Array.fromAsync((await openHistory(`${file}.sorted`)).arrivals);
    expect(sorted.map(({ at }) => (at - START) / MINUTE)).toEqual([1, 2, 2, 3]);
  });

  it('is made by the command for files put one behind the other, too, of which each step counts once', async () => {
    const week = (from: number, minutes: readonly number[]) => [
      headerLine({ source: 'bitbucket', workspace: 'acme', from, to: from + 7 * DAY, anonymised: false }),
      ...minutes.map((minute) => stepLine(step(minute, { id: `${minute}` }))),
      endLine({ steps: minutes.length, gaps: 0, omitted: NOTHING_OMITTED }),
    ];
    const files = [...week(START, [1, 5]), ...week(START - DAY, [-1, 1])];
    await expect(read(text(...files))).rejects.toThrow(/out of order: line 6/);
    const { minutes, summary } = await read(text(...files.sort()));
    expect(minutes).toEqual([-1, 1, 5]);
    expect(summary).toMatchObject({ header: { from: START - DAY, to: START + 7 * DAY }, end: { steps: 4 } });
    expect(describeSummary(summary).slice(1)).toEqual([
      'Skipped 1 line (the first is line 7): repeated: the same repository and id.',
    ]);
  });

  it('is not disturbed by one line of a far future', async () => {
    const future = [0, 9e6, 1, 2, 3, 4, 5].map((minute) => stepLine(step(minute)));
    const latest = await read(text(...future), { name: 'h', latest: START + DAY });
    expect(latest.summary).toMatchObject({ steps: 6, skipped: { invalid: { lines: 1, firstLine: 2 } } });
  });
});

describe('what is odd with the whole', () => {
  it('repeated steps count once', async () => {
    const lines = [step(0, { id: '1.0' }), step(0, { id: '1.1' }), step(0, { id: '1.0' })].map(stepLine);
    const { summary } = await read(text(...lines, stepLine(step(0, { id: '1.0', repository: 'other' }))));
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
      'Skipped 1 line (the first is line 3): no valid step (it is no JSON object).',
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
    const hits = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(hits, fc.nat(bytes.length), async (hit, length) => {
        const damaged = damage(bytes.slice(0, length), hit);
        const { summary, error, arrivals } = await readUntilRefused(damaged);
        const found = summary.steps + summary.marks + summary.blank + skippedLines(summary);
        // A time that was hit may be out of order now, which ends the reading at its line.
        expect(found).toBe(error === undefined ? linesIn(damaged) : summary.lines - 1);
        expect(error ?? 'is out of order').toContain('is out of order');
        if (error === undefined) expect(arrivals).toHaveLength(summary.steps);
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
      for (let minute = 0; minute < 60_000; minute += 100) {
        yield text(
          ...Array.from({ length: 100 }, (_, index) => stepLine(step(minute + index, { id: `${minute + index}` }))),
        );
      }
    }
    const history = readHistory(month(), { name: 'h' });
    let steps = 0;
    let [early, late] = [0, 0];
    for await (const _ of history.arrivals) {
      steps += 1;
      if (steps === 6_000) early = heapUsed();
      if (steps === 59_000) late = heapUsed();
    }
    expect(steps).toBe(60_000);
    // A step that is kept takes more than 50 bytes.
    expect(late - early).toBeLessThan(1024 * 1024);
  });
});

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
