/** Which mutants CI runs: those of what has changed since the last release, as far as time allows, and never in silence. */
import { globSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findChanges, type Git } from '../../scripts/mutation/changed.ts';
import { chooseFiles, estimateMutants, isMutated } from '../../scripts/mutation/choice.ts';
import { verdict } from '../../scripts/mutation/deadline.ts';
import sample from '../../scripts/mutation/sample.config.mjs';
import whole, { mutate } from '../../stryker.config.mjs';

const ROOT = new URL('../..', import.meta.url);

/** The patterns without `!`, and one for each name in braces: a brace hides a name that is no longer there. */
function alternatives(pattern: string): readonly string[] {
  const [before = '', names, after = ''] = pattern.replace(/^!/, '').split(/[{}]/);
  return names === undefined ? [before] : names.split(',').map((name) => `${before}${name}${after}`);
}

/** A git that knows these answers by the command's words, and fails for all others. */
function gitWith(answers: Readonly<Record<string, string>>): Git {
  return (...args) => answers[args.filter((arg) => !arg.startsWith('--')).join(' ')];
}

describe('what has changed', () => {
  it.each([
    [
      'since the latest release before this commit, and what the last commit changed',
      { 'describe v[0-9]* HEAD~1': 'v1.2.0\n', 'diff v1.2.0': 'a.ts\nb.ts\n', 'diff HEAD~1': 'b.ts\n' },
      undefined,
      { since: 'release v1.2.0', files: ['a.ts', 'b.ts'], latest: ['b.ts'] },
    ],
    [
      'since a commit that somebody names',
      { 'describe v[0-9]* HEAD~1': 'v1.2.0\n', 'diff main': 'c.ts\n', 'diff HEAD~1': 'b.ts\n' },
      'main',
      { since: 'main', files: ['c.ts'], latest: ['b.ts'] },
    ],
    [
      'nothing',
      { 'describe v[0-9]* HEAD~1': 'v1\n', 'diff v1': '', 'diff HEAD~1': '' },
      undefined,
      { since: 'release v1', files: [], latest: [] },
    ],
    [
      'everything, before the first release',
      { 'diff HEAD~1': 'b.ts\n' },
      undefined,
      { since: 'the beginning', latest: ['b.ts'] },
    ],
    ['everything, where the clone has no history', {}, undefined, { since: 'the beginning', latest: [] }],
    [
      'everything, where the release is a tag without its commit',
      { 'describe v[0-9]* HEAD~1': 'v1.2.0\n' },
      undefined,
      { since: 'the beginning', latest: [] },
    ],
  ])('%s', (_, answers, base, expected) => {
    expect(findChanges(gitWith(answers), base)).toEqual(expected);
  });

  it('a commit that is not there is an error and not everything', () => {
    expect(() => findChanges(gitWith({}), 'gone')).toThrow('MUTATE_BASE is gone, which is no commit of this clone');
  });
});

describe('which files are mutated', () => {
  it.each([
    ['lib/core/plan.ts', true],
    ['lib/core/observe/queue/observe.ts', true],
    ['lib/core/model/report.ts', false],
    ['lib/core/ports.ts', false],
    ['lib/adapters/http/retry-policy.ts', true],
    ['lib/adapters/budget/priority.ts', true],
    ['lib/text/workspace-lines.ts', true],
    ['lib/text/report.ts', false],
    ['test/core/plan.test.ts', false],
  ])('%s: %s', (file, expected) => {
    expect(isMutated(file, mutate)).toBe(expected);
  });

  it.each(mutate.flatMap(alternatives))('%s is there', (pattern) => {
    expect(globSync(pattern, { cwd: ROOT })).not.toEqual([]);
  });

  it('lines without code are not counted', () => {
    const text = `/**\n * Adds.\n */\nimport { a } from './a.ts';\n\n// one\n${'export const sum = 1 + 1;\n'.repeat(10)}`;
    expect(estimateMutants(text)).toBe(11);
  });
});

describe('which of them there is time for', () => {
  const files = ['a', 'b', 'c', 'd', 'e'].map((file) => ({ file, mutants: 10 }));
  const names = (entries: readonly { readonly file: string }[]) => entries.map(({ file }) => file);

  it.each([
    ['all that fit', files, 50, 5],
    ['as many as fit', files, 35, 3],
    ['one that is too large, rather than none', files.slice(0, 1), 5, 1],
    ['none of none', [], 5, 0],
  ])('%s', (_, given, mutants, count) => {
    const { chosen, left } = chooseFiles(given, { first: [], seed: 'x', mutants });
    expect(chosen).toHaveLength(count);
    expect([...names(chosen), ...names(left)].toSorted()).toEqual(names(given));
  });

  it('a smaller one where a large one no longer fits', () => {
    const given = [
      { file: 'small', mutants: 5 },
      { file: 'large', mutants: 90 },
      { file: 'first', mutants: 20 },
    ];
    const { chosen } = chooseFiles(given, { first: ['first'], seed: 'x', mutants: 30 });
    expect(names(chosen)).toEqual(['first', 'small']);
  });

  it('the last commit’s files come first', () => {
    const { chosen } = chooseFiles(files, { first: ['e', 'c'], seed: 'x', mutants: 20 });
    expect(names(chosen).toSorted()).toEqual(['c', 'e']);
  });

  it('the same commit chooses the same; in time every file is chosen', () => {
    const by = (seed: string) => names(chooseFiles(files, { first: [], seed, mutants: 20 }).chosen);
    expect(by('one')).toEqual(by('one'));
    expect(new Set(Array.from({ length: 20 }, (_, commit) => by(`commit ${commit}`)).flat()).size).toBe(5);
  });
});

describe('when the time is up', () => {
  const result = (status: string, line = 1) => ({
    status,
    fileName: `${process.cwd()}/lib/core/plan.ts`,
    location: { start: { line } },
    mutatorName: 'BooleanLiteral',
    replacement: 'false',
  });
  const plannedOf = (length: number) => Array.from({ length }, () => ({ fileName: result('').fileName }));
  const killed = Array.from({ length: 99 }, () => result('Killed'));

  it.each([
    ['enough were noticed', [...killed, result('Survived', 7)], 0, '99.00 % were noticed'],
    ['too few were noticed', [...killed.slice(1), result('Survived', 7)], 1, '98.99 % were noticed'],
    [
      'an endless loop counts as noticed, a mutant without a test does not',
      [result('Timeout'), result('NoCoverage')],
      1,
      '50.00 %',
    ],
    ['what could not be judged is not counted', [...killed, result('CompileError')], 0, '100.00 %'],
    ['none was run', [], 1, 'None was run'],
  ])('%s', (_, results, exitCode, text) => {
    const said = verdict(results, { planned: plannedOf(200), limit: 99 });
    expect(said.exitCode).toBe(exitCode);
    expect(said.lines.at(-1)).toContain(text);
    expect(said.lines.at(-1)).toContain(`${200 - results.length} of 200 mutants were not run`);
  });

  it('a sample may score lower than the whole, since the survivors of a few files say little of all', () => {
    expect([whole.thresholds.break, sample.thresholds.break]).toEqual([99, 92]);
    const survived = Array.from({ length: 32 }, (_, line) => result('Survived', line));
    const results = [...Array.from({ length: 368 }, () => result('Killed')), ...survived];
    const planned = plannedOf(results.length);
    const said = verdict(results, { planned, limit: sample.thresholds.break });
    expect(said.exitCode).toBe(0);
    expect(said.lines.filter((line) => line.startsWith('Survived'))).toHaveLength(32);
    expect(verdict([...results, result('Survived')], { planned, limit: sample.thresholds.break }).exitCode).toBe(1);
    expect(verdict(results, { planned, limit: whole.thresholds.break }).exitCode).toBe(1);
  });

  it('names those that nobody noticed', () => {
    const { lines } = verdict([result('Survived', 7)], {
      planned: [...plannedOf(9), { fileName: '/lib/a.ts' }],
      limit: 99,
    });
    expect(lines[0]).toBe('Survived lib/core/plan.ts:7 BooleanLiteral: false');
    expect(lines[1]).toMatch(
      /^9 of 10 mutants were not run, since the time was up \(8 of lib\/core\/plan\.ts, 1 of .*lib\/a\.ts\)\./,
    );
  });
});
