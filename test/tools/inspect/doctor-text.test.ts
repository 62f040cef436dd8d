/** A doctor's findings on a screen. */
import { expect, it } from 'vitest';
import { type Check, diagnosisOf, failed, ok, skipped } from '#doctor/check.ts';
import { renderDiagnosis } from '#tools/inspect/doctor-text.ts';

const render = (checks: readonly Check[], width = 100) => renderDiagnosis(diagnosisOf(checks, 0), { width }).join('\n');

it('shows a mark, what was found, and the next step of what failed', () => {
  expect(
    render([
      ok('node', undefined, 'Node 24.0.0'),
      failed('credential', 'ci/bitbucket', 'it ended on 2026-01-01', 'create a new one'),
      skipped('nodes', undefined, 'not allowed to look'),
    ]),
  ).toBe(`✓ Node        Node 24.0.0
✗ Credential  ci/bitbucket: it ended on 2026-01-01
              → create a new one
– Nodes       not allowed to look

1 thing is wrong; 1 check passed, 1 not looked at.`);
});

it('puts what is alike on one line, and of what failed only what has the same reason', () => {
  const many = ['a', 'b', 'c', 'd'].map((name) => ok('runners', name, `${name.charCodeAt(0)} registered`));
  const faults = ['e', 'f'].map((name) => failed('runners', name, 'refused', 'grant it'));
  const other = failed('runners', 'g', 'gone', 'name another');
  expect(render([...many, ...faults, other])).toBe(`✓ Runners listable  4 (a, b, c, …): 97 registered, and so on
✗ Runners listable  e, f: refused
                    → grant it
✗ Runners listable  g: gone
                    → name another

2 things are wrong; 4 checks passed.`);
});

it('wraps at the width of the terminal', () => {
  expect(render([ok('node', undefined, 'one two three four five')], 20)).toBe(
    `✓ Node  one two
        three four
        five

Nothing is wrong:
  1 check passed.`,
  );
});
