import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readConfig } from '#config/read.ts';
import { formatProblem } from '#yaml/problem.ts';
import { withGroup } from './samples.ts';

const VALID = `groups:
  - name: builds
    workspace: acme
    labels: [builds]
    namespace: runners
    strategy: percentageRunnersIdle
    parameters:
      min: 1
      max: 10
      scaleUpThreshold: 0.5
      scaleDownThreshold: 0.2
      scaleUpMultiplier: 1.5
      scaleDownMultiplier: 0.5
`;

function problemsOf(text: string): readonly string[] {
  return readConfig(text, 'r.yaml').problems.map(formatProblem);
}

describe('places', () => {
  it('has nothing against the file that the rows change', () => {
    expect(problemsOf(VALID)).toEqual([]);
  });

  it.each([
    ['a wrong value: where it stands', 'max: 10', 'max: 0', 'r.yaml:9:12 groups[0].parameters.max: expected'],
    ['an unknown key: where it stands', 'labels:', 'lables:', 'r.yaml:4:5 groups[0].lables: unknown key (did'],
    ['an item of a list', '[builds]', '[builds, A]', 'r.yaml:4:22 groups[0].labels[1]: "A" is not'],
    ['a missing key: the mapping that lacks it', 'max: 10', '', 'r.yaml:8:7 groups[0].parameters.max: is missing'],
    ['a key without value: the key', 'max: 10', 'max:', 'r.yaml:9:7 groups[0].parameters.max: has no value'],
    [
      'a key given twice: the second',
      'max: 10',
      'max: 10\n      max: 11',
      'r.yaml:10:7 groups[0].parameters.max: is given twice',
    ],
  ])('%s', (_, written, instead, expected) => {
    const broken = VALID.replace(written, instead);
    const starts = problemsOf(broken).map((problem) => problem.slice(0, expected.length));
    expect(starts).toContain(expected);
  });

  it('follows aliases and merge keys to where a value is written', () => {
    const text = `x-rule: &rule { scaleUpThreshold: 2, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 }
x-names: &names [OK]
groups:
  - { name: a, workspace: acme, labels: *names, namespace: r, strategy: percentageRunnersIdle, parameters: { min: 1, max: 2, <<: *rule } }
`;
    expect(problemsOf(text)).toEqual([
      'r.yaml:1:35 groups[0].parameters.scaleUpThreshold: expected a number of at most 1, got 2',
      'r.yaml:2:18 groups[0].labels[0]: "OK" is not a runner label: Bitbucket allows lower-case letters, digits and dots',
    ]);
  });

  it('lets a thousand groups share what they have in common', () => {
    const groups = Array.from(
      { length: 1000 },
      (_, index) => `- { <<: *group, name: g${index}, labels: [l${index}], parameters: *rule, cluster: *cluster }\n`,
    );
    const text = `x-group: &group { workspace: acme, namespace: runners, strategy: percentageRunnersIdle }
x-cluster: &cluster default
x-rule: &rule { min: 1, max: 1, scaleUpThreshold: 0.5, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 }
groups:
${groups.join('')}`;
    expect(problemsOf(text)).toEqual([]);
  });

  it('gives warnings their place, too', () => {
    const text = `constants:\n  runner_api_polling_interval: 600\n${VALID}`;
    expect(readConfig(text, 'r.yaml').warnings).toMatchObject([{ line: 2, column: 3 }]);
  });
});

describe('text that is hardly YAML', () => {
  const bomb = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join()}]`);

  it.each([
    ['nothing', '', 'r.yaml is empty; a configuration has at least one group under "groups"'],
    ['a comment', '# soon\n', 'r.yaml is empty; a configuration has at least one group under "groups"'],
    ['an open bracket', 'groups: [', 'r.yaml:1:10 is not valid YAML: '],
    ['a tab', 'groups:\n\t- a', 'r.yaml:2:1 is indented with a tab; YAML allows only spaces'],
    [
      'two documents',
      `${VALID}---\n${VALID}`,
      'r.yaml:14:1 holds several YAML documents; keep one, without "---" in between',
    ],
    [
      'a tag of CloudFormation',
      VALID.replace('acme', '!Ref Workspace'),
      'r.yaml:3:16 has the tag "!Ref", which has no meaning here',
    ],
    [
      'an alias to nothing',
      VALID.replace('acme', '*nowhere'),
      'r.yaml:3:16 uses the alias "*nowhere", but no "&nowhere" stands before it',
    ],
    ['nesting without end', `groups: ${'['.repeat(20_000)}`, 'r.yaml:'],
    [
      'aliases that multiply',
      `a0: &a0 [x]\n${bomb.join('\n')}`,
      'r.yaml:7:18 its aliases and merges multiply into too many values',
    ],
  ])('%s', (_, text, expected) => {
    const [first, ...others] = problemsOf(text);
    expect(first?.slice(0, expected.length)).toBe(expected);
    expect(others).toEqual([]);
  });

  it('a byte-order mark and a leading "---" are nothing wrong', () => {
    expect(problemsOf(`\uFEFF---\n${VALID}`)).toEqual([]);
  });
});

describe('whatever the input', () => {
  it('reading gives either a configuration or problems, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((value) => JSON.stringify({ groups: [value] })),
        ),
        (text) => {
          const { config, problems } = readConfig(text, 'r.yaml');
          expect(config === undefined).toBe(problems.length > 0);
        },
      ),
    );
  });

  it('a valid file with one mangled character is read without an exception, and places lie within the text', () => {
    const lines = VALID.split('\n').length;
    fc.assert(
      fc.property(fc.nat(VALID.length - 1), fc.string({ maxLength: 3 }), (index, inserted) => {
        const { problems } = readConfig(VALID.slice(0, index) + inserted + VALID.slice(index + 1), 'r.yaml');
        for (const { line = 1, column = 1 } of problems) {
          expect(line).toBeLessThanOrEqual(lines + 3);
          expect(column).toBeGreaterThanOrEqual(1);
        }
      }),
    );
  });

  it('any valid bounds are accepted', () => {
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    const bounds = fc.tuple(fc.nat(1000), fc.nat(1000), share, share).filter(([, , a, b]) => a !== b);
    fc.assert(
      fc.property(bounds, ([a, b, c, d]) => {
        const parameters = {
          min: Math.min(a, b),
          max: Math.max(a, b, 1),
          scaleUpThreshold: Math.max(c, d),
          scaleDownThreshold: Math.min(c, d),
          scaleUpMultiplier: 1 + c,
          scaleDownMultiplier: d,
        };
        expect(problemsOf(withGroup({ parameters }))).toEqual([]);
      }),
    );
  });
});
