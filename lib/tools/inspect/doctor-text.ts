/** A doctor's findings as a person reads them in a terminal. Pure. */
import { type Check, type Diagnosis, named } from '#doctor/check.ts';
import { counted, layLines, paint, type TextOptions, type Tone, wrap } from '#text/layout.ts';

const MARKS: Readonly<Record<Check['outcome'], { readonly mark: string; readonly tone: Tone }>> = {
  ok: { mark: '✓', tone: 'up' },
  failed: { mark: '✗', tone: 'failure' },
  skipped: { mark: '–', tone: 'quiet' },
};

/** More sentences than this are left to `--json`. */
const MOST_DETAILS = 3;

/** A line for each check: what is alike is one line, and what failed has its next step beneath it. */
export function renderDiagnosis({ checks }: Diagnosis, options: TextOptions): readonly string[] {
  const width = Math.max(...checks.map(({ title }) => title.length));
  const alike = Map.groupBy(checks, ({ id, outcome, detail, next }) =>
    outcome === 'failed' ? `${id} ${detail} ${next}` : `${id} ${outcome}`,
  );
  return [
    ...[...alike.values()].flatMap((entries) => layCheck(entries, width, options)),
    '',
    ...layLines(
      [summary(checks, [...alike.values()].filter(([first]) => first?.outcome === 'failed').length)],
      0,
      options,
    ),
  ];
}

function layCheck(entries: readonly Check[], width: number, options: TextOptions): readonly string[] {
  const [first] = entries;
  if (first === undefined) return [];
  const { mark, tone } = MARKS[first.outcome];
  const indent = width + 4;
  const lines = wrap(whatOf(entries), options.width - indent);
  const head = `${paint(options, tone, mark)} ${first.title.padEnd(width)}  `;
  return [
    ...lines.map((line, index) => `${index === 0 ? head : ' '.repeat(indent)}${line}`),
    ...(first.next === undefined ? [] : layLines([{ text: `→ ${first.next}`, tone: 'warning' }], indent, options)),
  ];
}

/** `acme, beta: the credential may read it`; different details of many subjects are left to `--json`. */
function whatOf(entries: readonly Check[]): string {
  const subjects = entries.flatMap(({ subject }) => subject ?? []);
  const about = named(subjects);
  const details = [...new Set(entries.map(({ detail }) => detail))];
  const said = details.length > MOST_DETAILS ? `${details[0]}, and so on` : details.join('; ');
  return about === '' ? said : `${about}: ${said}`;
}

/** `faults`: what failed for the same reason is one. */
function summary(checks: readonly Check[], faults: number): { readonly text: string; readonly tone?: Tone } {
  const count = (outcome: Check['outcome']) => checks.filter((check) => check.outcome === outcome).length;
  const unseen = count('skipped') === 0 ? '' : `, ${count('skipped')} not looked at`;
  if (faults === 0) return { text: `Nothing is wrong: ${counted(count('ok'), 'check')} passed${unseen}.` };
  const wrong = faults === 1 ? '1 thing is wrong' : `${faults} things are wrong`;
  return { text: `${wrong}; ${counted(count('ok'), 'check')} passed${unseen}.`, tone: 'failure' };
}
