import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePipelines } from '#adapters/bitbucket/pipelines-yaml.ts';
import { stepsOf, type YamlStep } from '#adapters/bitbucket/sections.ts';
import type { PipelineSource } from '#core/ports.ts';

const DEFAULT: PipelineSource = { section: 'default' };

function read(text: string, source: PipelineSource = DEFAULT) {
  const file = parsePipelines(text);
  return 'problem' in file ? file : stepsOf(file.sections, source);
}

/** `name labels… @block`, one per step. */
function short(steps: readonly YamlStep[]): readonly string[] {
  return steps.map(({ name = '-', labels, block }) => [name, ...labels, `@${block}`].join(' '));
}

function steps(text: string, source?: PipelineSource): readonly string[] | string {
  const section = read(text, source);
  return 'problem' in section ? section.problem : short(section.steps);
}

it.each([
  ['our command', '{ oidc: true, script: [npm ci, npx autoscaler wake -g x] }', 'npm ci\nnpx autoscaler wake -g x'],
  ['a script that sends its token', '{ oidc: true, script: [{ pipe: x }, "curl $WAKE_URL"] }', 'curl $WAKE_URL'],
  [
    'a long one',
    `{ oidc: true, script: ["curl $WAKE_URL", "${'x'.repeat(5000)}"] }`,
    `curl $WAKE_URL\n${'x'.repeat(3985)}`,
  ],
  ['a line that is no text', '{ oidc: true, script: [{ toString: x, valueOf: y }, "$WAKE_URL"] }', '$WAKE_URL'],
  ['no token', '{ script: ["curl $WAKE_URL"] }', undefined],
  ['no token in so many words', '{ oidc: false, script: ["curl $WAKE_URL"] }', undefined],
  ['a token for something else', '{ oidc: true, script: [deploy] }', undefined],
  ['no script', '{ oidc: true }', undefined],
])('a step wakes or does not: %s', (_, step, wakes) => {
  const section = read(`pipelines: { default: [{ step: ${step} }] }`);
  expect('steps' in section && section.steps[0]?.wakes).toEqual(wakes);
});

describe('steps and labels of a section', () => {
  type Row = {
    readonly name: string;
    readonly text: string;
    readonly source?: PipelineSource;
    readonly steps: unknown;
  };

  const ROWS: readonly Row[] = [
    {
      name: 'a list of labels, sorted; a step without runs-on has none',
      text: `
pipelines:
  default:
    - step: { name: Build, runs-on: [self.hosted, linux, my.label], script: [make] }
    - step: { name: Cloud, script: [make] }`,
      steps: ['Build linux my.label self.hosted @0', 'Cloud @1'],
    },
    {
      name: 'one label, and an object with labels; each once',
      text: `
pipelines:
  default:
    - step: { name: One, runs-on: self.hosted }
    - step: { name: Object, runs-on: { labels: [linux, self.hosted, linux] } }
    - step: { name: Object of one, runs-on: { labels: linux } }`,
      steps: ['One self.hosted @0', 'Object linux self.hosted @1', 'Object of one linux @2'],
    },
    {
      name: 'runs-on that is empty or no label',
      text: `
pipelines:
  default:
    - step: { name: Empty, runs-on: }
    - step: { name: Empty list, runs-on: [] }
    - step: { name: Nonsense, runs-on: [{ linux: yes }, linux] }`,
      steps: ['Empty @0', 'Empty list @1', 'Nonsense linux @2'],
    },
    {
      name: 'labels, names and branches that look like numbers are texts',
      text: `
pipelines:
  branches:
    1.0:
      - step: { name: 007, runs-on: [22.04, linux] }`,
      source: { section: 'branches', pattern: '1.0' },
      steps: ['007 22.04 linux @0'],
    },
    {
      name: 'parallel steps are beside each other, in both forms',
      text: `
pipelines:
  default:
    - step: { name: A, runs-on: linux }
    - parallel:
        - step: { name: B1, runs-on: linux }
        - step: { name: B2, runs-on: linux }
    - parallel:
        fail-fast: true
        steps:
          - step: { name: C1, runs-on: linux }
          - step: { name: C2, runs-on: windows }
    - step: { name: D }`,
      steps: ['A linux @0', 'B1 linux @1', 'B2 linux @1', 'C1 linux @2', 'C2 windows @2', 'D @3'],
    },
    {
      name: 'the steps of a stage come one after the other, parallel ones in it beside each other',
      text: `
pipelines:
  default:
    - stage:
        name: Deploy
        deployment: staging
        steps:
          - step: { name: A, runs-on: linux }
          - parallel:
              - step: { name: B1, runs-on: linux }
              - step: { name: B2, runs-on: linux }
          - step: { name: C, runs-on: linux }
    - step: { name: D, runs-on: linux }`,
      steps: ['A linux @0', 'B1 linux @1', 'B2 linux @1', 'C linux @2', 'D linux @3'],
    },
    {
      name: 'a stage in a stage is none',
      text: `
pipelines:
  default:
    - stage: { steps: [{ stage: { steps: [{ step: { name: A } }] } }, { step: { name: B } }] }`,
      steps: ['B @0'],
    },
    {
      name: 'anchors, aliases and merge keys',
      text: `
definitions:
  steps:
    - step: &build { name: Build, runs-on: &big [self.hosted, linux, big] }
    - step: &fast { runs-on: [self.hosted, linux] }
  sets: &set
    - step: *build
    - step: { name: Lint, runs-on: *big }
pipelines:
  default:
    - step: *build
    - step: { <<: *fast, name: Test }
    - step: { <<: [*fast, *build], name: Both }
    - step: { <<: *build, runs-on: windows }
    - parallel: *set`,
      steps: [
        'Build big linux self.hosted @0',
        'Test linux self.hosted @1',
        'Both linux self.hosted @2',
        'Build windows @3',
        'Build big linux self.hosted @4',
        'Lint big linux self.hosted @4',
      ],
    },
    {
      name: 'an anchor that is used hundreds of times is no bomb',
      text: `
a: &labels [self.hosted, linux]
pipelines:
  default:
${'    - step: { name: S, runs-on: *labels }\n'.repeat(300)}`,
      steps: Array.from({ length: 300 }, (_, index) => `S linux self.hosted @${index}`),
    },
    {
      name: 'items that are no step have none: variables, conditions, nonsense',
      text: `
pipelines:
  custom:
    release:
      - variables: [{ name: VERSION }]
      - step: { name: A, condition: { changesets: { includePaths: [a/**] } }, runs-on: linux }
      - 42
      - step: nonsense
      - parallel: nonsense
      - stage: { name: empty }`,
      source: { section: 'custom', pattern: 'release' },
      steps: ['A linux @1'],
    },
    {
      name: 'labels are without doubles, and of too many and too long ones enough is left to show that nobody can run it',
      text: `
pipelines:
  default:
    - step: { name: Many, runs-on: [${Array.from({ length: 30 }, (_, index) => `l${index + 10}`).join(', ')}] }
    - step: { name: Long, runs-on: [${'x'.repeat(101)}, ${'y'.repeat(100)}] }`,
      steps: [
        `Many ${Array.from({ length: 11 }, (_, index) => `l${index + 10}`).join(' ')} @0`,
        `Long ${'x'.repeat(100)}… ${'y'.repeat(100)} @1`,
      ],
    },
    {
      name: 'a name is compared as far as its first 120 characters',
      text: `pipelines: { default: [{ step: { name: ${'n'.repeat(121)} } }] }`,
      steps: [`${'n'.repeat(120)} @0`],
    },
    {
      name: 'nothing is no label, and no name; in quotes it is one',
      text: `
pipelines:
  default:
    - step: { name: ~, runs-on: ~ }
    - step: { name: null, runs-on: [null, Null, NULL, linux] }
    - step: { name: "~", runs-on: "null" }`,
      steps: ['- @0', '- linux @1', '~ null @2'],
    },
    {
      name: 'a text in quotes that goes on in the column of its key',
      text: `
pipelines:
  default:
    - step:
        name: "Build
        and 'test"
        runs-on: 'it''s
  linux'`,
      steps: ["Build and 'test it's linux @0"],
    },
    {
      name: 'a list whose lines and bracket stand too far left',
      text: `
pipelines:
  default:
    - step:
        runs-on: [
      linux, # a ] in a comment
    "]",
  self.hosted
]
        name: Build`,
      steps: ['Build ] linux self.hosted @0'],
    },
    {
      name: 'a comment right behind a text in quotes',
      text: `
pipelines:
  default:
    - step:
        name: "A"#note
        runs-on: [linux]#note`,
      steps: ['A linux @0'],
    },
    {
      name: 'a list as a key says nothing; its anchors hold',
      text: `
pipelines:
  ? [&l linux]
  : x
  ? *l
  : y
  default:
    - step: { runs-on: *l }`,
      steps: ['- linux @0'],
    },
  ];

  it.each(ROWS)('$name', ({ text, source, steps: expected }) => {
    expect(steps(text, source)).toEqual(expected);
  });
});

describe('the section that a pipeline runs', () => {
  const TEXT = `
pipelines:
  default: [{ step: { name: default } }]
  branches:
    main: [{ step: { name: main } }]
    'feature/*': [{ step: { name: feature } }]
    'feature/bb-*': [{ step: { name: bb } }]
  tags:
    'v*': [{ step: { name: tag } }]
  bookmarks:
    mark: [{ step: { name: mark } }]
  pull-requests:
    'to/**':
      destinations:
        main: [{ step: { name: to-main } }]
        'release/*': [{ step: { name: to-release } }]
    '**': [{ step: { name: any } }]
    'fix/**': [{ step: { name: fix } }]
  custom:
    nightly: [{ step: { name: nightly } }]`;

  it.each<[name: string, source: PipelineSource, step: string]>([
    ['default', { section: 'default' }, 'default @0'],
    ['by key', { section: 'branches', pattern: 'feature/*', ref: 'feature/bb-1' }, 'feature @0'],
    ['by name, without a key', { section: 'branches', ref: 'main' }, 'main @0'],
    ['by the most specific pattern', { section: 'branches', ref: 'feature/bb-1' }, 'bb @0'],
    ['by a key that the file no longer has', { section: 'branches', pattern: 'x', ref: 'feature/1' }, 'feature @0'],
    ['a branch that no pattern fits runs default', { section: 'branches', ref: 'feature/a/b' }, 'default @0'],
    ['a tag', { section: 'tags', ref: 'v1.2' }, 'tag @0'],
    ['a bookmark', { section: 'bookmarks', pattern: 'mark' }, 'mark @0'],
    ['a pull request by its source', { section: 'pull-requests', ref: 'fix/a/b' }, 'fix @0'],
    ['a pull request by its key', { section: 'pull-requests', pattern: '**', ref: 'fix/a' }, 'any @0'],
    ['a pull request by its destination', { section: 'pull-requests', ref: 'to/a', destination: 'main' }, 'to-main @0'],
    [
      'a pull request by its key and the pattern of its destination',
      { section: 'pull-requests', pattern: 'to/**', ref: 'x', destination: 'release/1' },
      'to-release @0',
    ],
    ['a custom one', { section: 'custom', pattern: 'nightly', ref: 'main' }, 'nightly @0'],
  ])('%s', (_name, source, step) => {
    expect(steps(TEXT, source)).toEqual([step]);
  });

  it.each<[name: string, source: PipelineSource, problem: string]>([
    ['a custom one that is not there', { section: 'custom', pattern: 'x' }, 'has no section custom: x'],
    ['a custom one without a name', { section: 'custom', ref: 'main' }, 'has no section custom: main'],
    ['a tag that nothing fits', { section: 'tags', ref: '1.2' }, 'has no section tags: 1.2'],
    ['a branch without a name', { section: 'branches' }, 'has no section branches'],
    [
      'a destination that nothing fits',
      { section: 'pull-requests', ref: 'to/a', destination: 'x' },
      'has no destination that fits in its section pull-requests: to/a',
    ],
    [
      'a destination that is not known',
      { section: 'pull-requests', ref: 'to/a' },
      'has no destination that fits in its section pull-requests: to/a',
    ],
    [
      'a branch that takes too long to be compared',
      { section: 'branches', ref: 'x'.repeat(20_000) },
      `has too many and too long patterns to choose from for branches: ${'x'.repeat(120)}`,
    ],
    ['a name of the language', { section: 'custom', pattern: 'toString' }, 'has no section custom: toString'],
  ])('%s is said', (_name, source, problem) => {
    expect(read(TEXT, source)).toEqual({ problem });
  });
});

describe('files that cannot be used', () => {
  const bomb = `
a: &a [x, x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
pipelines: { default: *e }`;

  const names = (count: number) => Array.from({ length: count }, (_, index) => `k${index}: 1`).join(', ');
  // Each takes what an alias is made of as many times as there were aliases before.
  const chained = `k0: &k0 [${'xxxxx,'.repeat(6_500)}]\n${Array.from({ length: 15 }, (_, n) => `k${n + 1}: &k${n + 1} [*k${n}, *k${n}]\n`).join('')}`;
  const merges = `x: &a { ${names(3_000)} }\ny: [${'{ <<: *a },'.repeat(3_000)}]`;

  it.each<[name: string, text: string, problem: string | RegExp]>([
    ['no YAML', 'pipelines:\n  default: [', 'is no YAML (BAD_INDENT in line 2)'],
    ['an alias of nothing', 'pipelines: *nothing', 'is YAML that cannot be resolved (aliases or nesting)'],
    ['an alias bomb', bomb, 'is YAML that cannot be resolved (aliases or nesting)'],
    ['39 KB with 30 aliases', chained, 'is YAML that cannot be resolved (aliases or nesting)'],
    ['65 KB of merges', merges, 'is YAML that cannot be resolved (aliases or nesting)'],
    ['500 KB without an alias', `a: [${'x,'.repeat(250_000)}]`, 'is longer than 128 KiB'],
    ['nesting without end', '['.repeat(20_000), /^is /],
    ['too long', `# ${'x'.repeat(128 * 1024 - 1)}`, 'is longer than 128 KiB'],
    ['as long as may be', `# ${'x'.repeat(128 * 1024 - 2)}`, 'has no section default'],
    ['more pieces than values of a file', `[${'[],'.repeat(32_000)}]`, 'has more than 64000 pieces of YAML'],
    ['a merge of what is no mapping', 'pipelines: { <<: [x] }', 'is YAML that cannot be resolved (aliases or nesting)'],
    ['an empty section', 'pipelines: { default: [] }', 'has an empty section default'],
    ['a section without a value', 'pipelines:\n  default:', 'has an empty section default'],
    ['a quote without end', 'pipelines:\n  default: "x\nb: 1', 'is no YAML (MISSING_CHAR in line 3)'],
    ['empty', '', 'has no section default'],
    ['no map', '- a\n- b', 'has no section default'],
    ['without pipelines', 'image: node', 'has no section default'],
    [
      'a section from elsewhere',
      'pipelines: { default: { import: shared:main:build } }',
      'imports its section default, which is not followed',
    ],
    ['steps without end', `pipelines: { default: [${'{step: {}},'.repeat(2001)}] }`, 'has more than 2000 steps'],
    [
      'a parallel set without end',
      `pipelines: { default: [{ parallel: [${'{step: {}},'.repeat(2001)}] }] }`,
      'has more than 2000 steps',
    ],
    [
      'steps without end in several sections',
      `x: &x [${'{step: {}},'.repeat(667)}]\npipelines: { default: *x, branches: { a: *x }, tags: { b: *x } }`,
      'has more than 2000 steps',
    ],
  ])('%s', (_name, text, problem) => {
    const found = read(text);
    expect('problem' in found && found.problem).toEqual(
      typeof problem === 'string' ? problem : expect.stringMatching(problem),
    );
  });

  it('is a sentence, whatever the file is', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'[]{}&*<:-,\'"| \n\tax!%') }));
    fc.assert(
      fc.property(text, (body) => {
        expect(read(`pipelines:\n  default:\n    - step: ${body}`)).toBeTypeOf('object');
      }),
    );
  });

  it('holds no steps but those that are steps, whatever the document is', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (item, other) => {
        const list = `[${item}, { step: ${other} }, { parallel: ${other} }, { stage: ${item} }]`;
        const section = read(`pipelines: { default: ${list} }`);
        for (const step of 'steps' in section ? section.steps : []) expect(step.labels).toBeInstanceOf(Array);
      }),
    );
  });

  it('never quotes the file', () => {
    const text = 'pipelines:\n  default:\n    - step: {script: ["export TOKEN=hunter2\n  oops';
    expect(JSON.stringify(read(text))).not.toContain('hunter2');
  });
});
