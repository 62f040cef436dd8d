import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderTemplate } from '#manifests/template.ts';
import { formatProblem } from '#yaml/problem.ts';
import { templateOf } from './group.ts';
import { hostile } from './hostile.ts';

const variables = {
  everywhere: {
    runnerUuid: '1234',
    repositoryUuid: undefined,
    nothing: null,
    labels: ['linux', 'self.hosted'],
    number: 3,
  },
  secretOnly: { oauthClientSecret_base64: 'c2VjcmV0' },
};

function render(text: string) {
  return renderTemplate(templateOf(text), variables).objects.map(({ content }) => content);
}

function problemsOf(text: string) {
  return renderTemplate(templateOf(text), variables).problems.map(formatProblem);
}

describe('what a template gives', () => {
  it.each([
    ['plain values stay', 'a: 1\nb: true\nc: null\nd: text', { a: 1, b: true, c: null, d: 'text' }],
    ['a variable alone', 'a: "{{runnerUuid}}"', { a: '1234' }],
    ['a variable alone keeps its type', 'a: "{{labels}}"\nb: "{{number}}"', { a: ['linux', 'self.hosted'], b: 3 }],
    ['a variable in text', 'a: runner-{{runnerUuid}}-{{number}}', { a: 'runner-1234-3' }],
    ['a list in text', 'a: "on {{labels}}"', { a: 'on linux,self.hosted' }],
    ['a uuid in braces', 'a: "{{{runnerUuid}}}"', { a: '{1234}' }],
    ['spaces within the braces', 'a: "{{ runnerUuid }}"', { a: '1234' }],
    ['braces that stay', String.raw`a: 'x \{{runnerUuid}}'`, { a: 'x {{runnerUuid}}' }],
    ['a comment in a scalar', 'a: "{{! the uuid }}{{runnerUuid}}"', { a: '1234' }],
    ['a block scalar', 'a: |\n  one {{runnerUuid}}\n  two\n', { a: 'one 1234\ntwo\n' }],
    ['YAML comments are no templates', 'a: 1 # {{what}} <%x%>', { a: 1 }],
    ['octal numbers, as kubectl reads them', 'defaultMode: 0644', { defaultMode: 420 }],
    ['dates are text', 'a: 2026-11-01', { a: '2026-11-01' }],
    ['an entry without a value is left out', 'a: 1\nb: "{{repositoryUuid}}"', { a: 1 }],
    ['so is one in text', 'a: 1\nb: "x-{{repositoryUuid}}"', { a: 1 }],
    ['null is no value either', 'a: 1\nb: "{{nothing}}"', { a: 1 }],
    ['an item without a value is left out', 'a: [x, "{{repositoryUuid}}"]', { a: ['x'] }],
    [
      'a name and value pair goes as a whole',
      'env:\n  - { name: A, value: "{{repositoryUuid}}" }\n  - { name: B, value: "1" }',
      { env: [{ name: 'B', value: '1' }] },
    ],
    ['outside a list only the value goes', 'pair: { name: A, value: "{{repositoryUuid}}" }', { pair: { name: 'A' } }],
    [
      'the Secret sees the credentials',
      'kind: Secret\ndata: { s: "{{oauthClientSecret_base64}}" }',
      { kind: 'Secret', data: { s: 'c2VjcmV0' } },
    ],
  ])('%s', (_name, text, expected) => {
    expect(problemsOf(text)).toEqual([]);
    expect(render(text)).toEqual([expected]);
  });

  it.each([
    ['one object', 'kind: Job', 1],
    ['a List', 'kind: List\nitems: [{ kind: Job }, { kind: Secret }]', 2],
    ['a sequence', '- kind: Job\n- kind: Secret', 2],
  ])('%s', (_name, text, count) => {
    expect(render(text)).toHaveLength(count);
  });

  it('keeps a key named __proto__ a key', () => {
    const [object] = render('__proto__: { a: 1 }');
    expect(JSON.stringify(object)).toBe('{"__proto__":{"a":1}}');
  });
});

describe('what is refused, and where', () => {
  it.each([
    ['an unknown variable', 'a:\n  b: "{{runerUuid}}"', /^job\.yaml:2:6 a\.b: \{\{runerUuid\}\} is not a variable/],
    ['an inherited property', 'a: "{{constructor}}"', /^job\.yaml:1:4 a: \{\{constructor\}\} is not a variable/],
    ['__proto__', 'a: "{{__proto__}}"', /is not a variable/],
    ['a path', 'a: "{{runnerUuid.length}}"', /^job\.yaml:1:4 a: only plain variables/],
    ['a parent path', 'a: "{{../runnerUuid}}"', /only plain variables/],
    ['a helper call', 'a: "{{log runnerUuid}}"', /only plain variables/],
    ['data', 'a: "{{@root}}"', /only plain variables/],
    ['a literal', 'a: "{{3}}"', /only plain variables/],
    ['a block', 'a: "{{#if runnerUuid}}x{{/if}}"', /no blocks or partials/],
    ['a partial', 'a: "{{> x}}"', /no blocks or partials/],
    ['triple braces for anything but a uuid', 'a: "{{{labels}}}"', /write \{\{labels\}\}/],
    ['braces that do not match', 'a: "{{runnerUuid}"', /the braces do not match up/],
    ['an unquoted variable', 'a:\n  b: {{runnerUuid}}', /^job\.yaml:2:7 a\.b: .*needs quotes/],
    ['an unquoted variable in a list', 'a:\n  - {{runnerUuid}}', /^job\.yaml:2:6 a\[0\]: .*needs quotes/],
    ['an unquoted variable with text after it', 'a: {{runnerUuid}}-x', /put quotes around/],
    ['a variable in a key', '"{{runnerUuid}}": 1', /keys cannot hold variables/],
    ['an alias', 'a: &x 1\nb: *x', /^job\.yaml:2:4 b: aliases are not supported/],
    ['two documents', 'kind: Job\n---\nkind: Secret', /^job\.yaml:2:\d+ a template is one YAML document/],
    ['no document', '# nothing', /the template is empty/],
    ['a duplicate key', 'a: 1\na: 2', /^job\.yaml:2:1 a: Map keys must be unique/],
    ['nesting without end', '- '.repeat(18_000), /^job\.yaml:1:\d+ is nested too deeply$/],
    [
      'nesting that the parser dies of',
      `${'- - '.repeat(4000)}\n- x`,
      /^job\.yaml is nested too deeply; a template holds/,
    ],
    ['a binary', 'a: !!binary aGk=', /the YAML tag .* is not supported/],
    ['Jinja variables', 'a: 1\nb: <%runnerUuid%>', /^job\.yaml:2:4 this is Jinja/],
    ['Jinja conditions', 'a: 1\n{%- if repositoryUuid %}\nb: 2\n{%- endif %}', /^job\.yaml:2:1 this is Jinja/],
    [
      'credentials outside the Secret',
      'kind: Job\na: "{{oauthClientSecret_base64}}"',
      /may only be used in the Secret/,
    ],
  ])('%s', (_name, text, expected) => {
    const [first, ...others] = problemsOf(text);
    expect(first).toMatch(expected);
    expect(others).toEqual([]);
    expect(render(text)).toEqual([]);
  });

  it('reports every problem at once', () => {
    expect(problemsOf('a: "{{x}}"\nb: { c: ["{{y}}"] }').map((line) => line.split(' ', 2).join(' '))).toEqual([
      'job.yaml:1:4 a:',
      'job.yaml:2:10 b.c[0]:',
    ]);
  });
});

describe('hostile values', () => {
  it('stay one string, whatever they contain', async () => {
    const template = templateOf(
      'a: "{{v}}"\nb: pre-{{v}}-post\nc: |-\n  {{v}}\nd: { e: ["{{v}}"] }\nf: "{{{runnerUuid}}}"',
    );
    await fc.assert(
      fc.property(hostile, (value) => {
        const rendering = renderTemplate(template, { everywhere: { v: value, runnerUuid: value }, secretOnly: {} });
        expect(rendering.problems).toEqual([]);
        expect(rendering.objects.map(({ content }) => content)).toEqual([
          { a: value, b: `pre-${value}-post`, c: value, d: { e: [value] }, f: `{${value}}` },
        ]);
      }),
    );
  });

  it('templates of any text never throw anything but problems', async () => {
    await fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        const { problems, objects } = renderTemplate(templateOf(text), variables);
        expect(problems.length > 0 ? objects : []).toEqual([]);
      }),
    );
  });
});
