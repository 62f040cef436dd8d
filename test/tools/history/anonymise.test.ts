/** Names that must not get out, and what has to stay so that a history is still of use. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Gap, HistoryStep } from '#tools/history/format.ts';
import { linesOf } from '#tools/history/write.ts';

const START = Date.parse('2026-11-02T08:00:00Z');
const DAY = 86_400_000;

const name = fc.uuid();

const step: fc.Arbitrary<HistoryStep> = fc.record(
  {
    ready: fc.nat(DAY).map((ms) => START + ms),
    durationMs: fc.nat(DAY),
    workspace: fc.constant('the-acme'),
    repository: name,
    labels: fc.uniqueArray(fc.oneof(name, fc.constantFrom('self.hosted', 'linux', 'linux.arm64')), { minLength: 1 }),
    result: fc.constantFrom('SUCCESSFUL', 'FAILED'),
    id: name,
  },
  { requiredKeys: ['ready', 'durationMs', 'workspace'] },
);

const gap: fc.Arbitrary<Gap> = fc.record({
  from: fc.constant(START),
  to: fc.constant(START),
  repository: name,
  reason: name,
});

const header = { source: 'bitbucket', workspace: 'the-acme', from: START, to: START + DAY } as const;
const omitted = { hosted: 0, notRun: 0, unfinished: 0, outside: 0 };

function linesFor(steps: readonly HistoryStep[], gaps: readonly Gap[], anonymised: boolean) {
  return [...linesOf({ header: { ...header, anonymised }, steps, gaps, omitted })].map((line) => JSON.parse(line));
}

describe('an anonymised history', () => {
  it('has none of the names', () => {
    fc.assert(
      fc.property(fc.array(step), fc.array(gap), (steps, gaps) => {
        const text = JSON.stringify(linesFor(steps, gaps, true));
        const names = steps.flatMap(({ repository, labels = [], id }) => [repository, id, ...labels]);
        const secrets = ['the-acme', ...names, ...gaps.flatMap(({ repository, reason }) => [repository, reason])];
        const common = new Set(['self.hosted', 'linux', 'linux.arm64']);
        expect(secrets.filter((secret) => secret && !common.has(secret) && text.includes(secret))).toEqual([]);
      }),
    );
  });

  it('has the same times, and the same where names are the same', () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const real = linesFor(steps, [], false).slice(1, -1);
        const hidden = linesFor(steps, [], true).slice(1, -1);
        expect(hidden.map(({ ready, durationMs, result }) => [ready, durationMs, result])).toEqual(
          real.map(({ ready, durationMs, result }) => [ready, durationMs, result]),
        );
        const pairs = real.map((line, index) => [line.repository, hidden[index].repository]);
        const aliases = new Map(pairs.map(([was, is]) => [was, is]));
        for (const [was, is] of pairs) expect(is).toBe(aliases.get(was));
        expect(new Set(aliases.values()).size).toBe(aliases.size);
        expect(hidden.map(({ labels }) => labels?.length)).toEqual(real.map(({ labels }) => labels?.length));
      }),
    );
  });

  it('does not depend on the order in which its steps were read', () => {
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const unique = steps.map((one, index) => ({ ...one, id: String(index).padStart(4, '0') }));
        expect(linesFor(unique.toReversed(), [], false)).toEqual(linesFor(unique, [], false));
        expect(linesFor(unique.toReversed(), [], true)).toEqual(linesFor(unique, [], true));
      }),
    );
  });
});
