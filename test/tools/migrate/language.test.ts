/** The language of templates: what is converted, to the same objects; what cannot be, with its line and a next step. */
import { describe, expect, it } from 'vitest';
import { loadFleet } from '#config/load.ts';
import { renderManifests } from '#manifests/render.ts';
import { renderTemplate } from '#manifests/template.ts';
import { variablesOf } from '#manifests/variables.ts';
import { fileExcerpt } from '#tools/migrate/excerpt.ts';
import { templateText, translate } from '#tools/migrate/language.ts';
import { groupWith, manifestInput } from '../../manifests/group.ts';
import { renderJinja } from './jinja.ts';
import {
  CHART_TEMPLATE,
  CONFIG,
  codesOf,
  fileOf,
  GUIDE_TEMPLATE,
  KUSTOMIZE_TEMPLATE,
  migrateTexts,
  problemsOf,
  templateOf,
  templateWith,
} from './samples.ts';

const RUNNER_UUID_LABEL = "runnerUuid: <%runnerUuid%>  # mandatory, don't modify";

/** Variations of the guide's template that make the same kind of objects. */
const CONVERTED: readonly (readonly [string, string])[] = [
  ['of the guide', GUIDE_TEMPLATE],
  ['of the kustomize folder', KUSTOMIZE_TEMPLATE],
  ['of the chart', CHART_TEMPLATE],
  ['spaces within the variables', GUIDE_TEMPLATE.replace(/<%(\w+)%>/g, '<% $1 %>')],
  ['tags without dashes', GUIDE_TEMPLATE.replaceAll('{%-', '{%')],
  ['tags with a dash at both ends', GUIDE_TEMPLATE.replaceAll(' %}', ' -%}')],
  ['"is defined"', GUIDE_TEMPLATE.replaceAll('if repositoryUuid', 'if repositoryUuid is defined')],
  ['tags at the beginning of the line', GUIDE_TEMPLATE.replace(/^ +\{%/gm, '{%')],
  ['a comment of Jinja on its own line', templateWith('kind: List', '{# for the\n  runners #}\nkind: List')],
  ['a comment of Jinja behind a value', templateWith('kind: List', 'kind: List {# of two #}')],
  ['a comment of YAML behind a tag', templateWith('{%- endif %}', '{%- endif %} # of the repository')],
  [
    'what is commented out, with its tags',
    templateWith('kind: List', '# {%- if repositoryUuid %}\n# a: b\n# {%- endif %}\nkind: List'),
  ],
  ['variables in quotes', GUIDE_TEMPLATE.replace(/: (<%\w+%>)/g, ": '$1'")],
  ['two variables in one text', templateWith('value: "/tmp"', 'value: "/tmp/<%runnerNamespace%>/<% runnerUuid %>"')],
  ['braces that stay', templateWith('value: "/tmp"', 'value: "{{.Name}} and }} and {{"')],
  [
    'a text in lines',
    templateWith('value: "/tmp"', 'value: |\n                      one\n                      <%runnerUuid%>'),
  ],
  ['an entry of a mapping by itself', templateWith('customer: shared', 'customer: "of-<%accountUuid%>"')],
];

describe('a converted template makes the objects that Jinja made', () => {
  const cases = CONVERTED.flatMap(([name, text]) =>
    ([undefined, 'monolith'] as const).map((repository) => ({ name, text, repository })),
  );

  it.each(cases)('$name, repository $repository', ({ text, repository }) => {
    const { document, problems } = translate(fileExcerpt('job.yaml.template', text));
    expect(problems).toEqual([]);
    const scope = repository === undefined ? { workspace: 'acme' } : { workspace: 'acme', repository };
    const resources = { requests: { memory: '2Gi', cpu: '1' }, limits: { memory: '2Gi', cpu: '1' } };
    const variables = variablesOf(manifestInput(groupWith({ resources }, { scope })));
    const template = { name: 'migrated', origin: 'job-template.yaml', text: templateText(document) };
    const rendered = renderTemplate(template, variables);
    expect(rendered.problems).toEqual([]);
    const values = { ...variables.everywhere, ...variables.secretOnly } as Record<string, string>;
    expect(rendered.objects.map(({ content }) => content)).toEqual(renderJinja(text, values));
  });
});

describe('the loop of node_selector goes, as the selector of a group is laid over any template', () => {
  const block = CHART_TEMPLATE.slice(CHART_TEMPLATE.indexOf('        {%- if node_selector %}')).split('\n').slice(0, 6);
  const [start = '', key = '', loop = '', entry = '', endOfLoop = '', end = ''] = block;
  const withBlock = (...lines: readonly string[]) => CHART_TEMPLATE.replace(block.join('\n'), lines.join('\n'));
  const nodeSelector = { customer: 'shared', 'kubernetes.io/arch': 'arm64' };

  it.each<[string, string]>([
    ['as in their files', CHART_TEMPLATE],
    ['below a key that is always there', withBlock(key, start, loop, entry, endOfLoop, end)],
    [
      'below a selector of the template',
      withBlock(key, '            pool: builds', start, loop, entry, endOfLoop, end),
    ],
    ['without an if', withBlock(key, loop, entry, endOfLoop)],
    ['with quotes', withBlock(start, key, loop, '            "<% key %>": "<% value %>"', endOfLoop, end)],
    ['with comments', withBlock(start, `${key} # of the group`, '            # one each', loop, entry, endOfLoop, end)],
    [
      'with "is defined" and other names',
      withBlock(
        start.replace('node_selector', 'node_selector is defined'),
        key,
        loop.replace('key, value', 'k, v'),
        entry.replace('key', 'k').replace('value', 'v'),
        endOfLoop,
        end,
      ),
    ],
  ])('%s', async (_, template) => {
    const migration = await migrateTexts({
      template,
      config: CONFIG.replace(
        'namespace:',
        'node_selector: { customer: shared, kubernetes.io/arch: arm64 }\n    architecture: arm64\n    namespace:',
      ),
    });
    expect(problemsOf(migration)).toEqual([]);
    expect(codesOf(migration)).toContain('node-selector');
    const { fleet } = await loadFleet('runners_config.yaml', { readText: async (name) => fileOf(migration, name) });
    const [group] = fleet.groups;
    if (group === undefined) throw new Error('there is a group');
    const { job } = renderManifests(manifestInput(group));
    expect(job).toMatchObject({ spec: { template: { spec: { nodeSelector } } } });
  });

  it.each<[string, string, RegExp]>([
    [
      'another line in the loop',
      withBlock(start, key, loop, entry, '            a: b', endOfLoop, end),
      /"for" cannot be converted/,
    ],
    [
      'an if that never ends',
      withBlock(start, key, loop, entry, endOfLoop),
      /only "if repositoryUuid" can be converted/,
    ],
    [
      'another loop',
      withBlock(start, key, loop.replace('node_selector', 'tolerations'), entry, endOfLoop, end),
      /"for" cannot be converted/,
    ],
  ])('but not %s', async (_, template, message) => {
    expect(problemsOf(await migrateTexts({ template })).join('\n')).toMatch(message);
  });

  it('and nothing is said of it where there is none', async () => {
    expect(codesOf(await migrateTexts({}))).not.toContain('node-selector');
  });
});

describe('what cannot be converted has its line and a next step, and nothing is written', () => {
  const label = GUIDE_TEMPLATE.split('\n').findIndex((line) => line.includes(RUNNER_UUID_LABEL)) + 1;
  const atLabel = (text: string) => templateWith(RUNNER_UUID_LABEL, text);

  it.each<[string, string, RegExp]>([
    [
      'a loop',
      atLabel('{% for x in y %}\n        {% endfor %}'),
      /:13 "for" .* as templates have no loops; write the entries/,
    ],
    [
      'a set',
      atLabel('a: b\n        {% set x = 1 %}'),
      /:14 "set" cannot be converted; write the value where it is used/,
    ],
    [
      'an else',
      templateWith('{%- endif %}', '{%- else %}\n{%- endif %}'),
      /:12 "else" cannot be converted; make two templates/,
    ],
    [
      'another condition',
      templateWith('if repositoryUuid', 'if runnerNamespace == "a"'),
      /:10 only "if repositoryUuid" can be/,
    ],
    [
      'a negated condition',
      templateWith('if repositoryUuid', 'if not repositoryUuid'),
      /:10 only "if repositoryUuid" can be/,
    ],
    ['an include', atLabel('{% include "x" %}'), /"include" cannot be converted; remove the tag/],
    ['an if without end', templateWith('{%- endif %}', ''), /:10 this "if" has no "endif"/],
    ['an end without if', templateWith('{%- if repositoryUuid %}', ''), /:12 this "endif" has no "if"/],
    ['a tag within a line', atLabel('a: {% if repositoryUuid %}b{% endif %}'), /a \{% tag %\} within a line cannot be/],
    [
      'a filter',
      atLabel('a: <% runnerUuid | upper %>'),
      /only plain variables .* not <%runnerUuid \| upper%>; write the value/,
    ],
    ['an attribute', atLabel('a: <% runner.uuid %>'), /not <%runner\.uuid%>/],
    ['an unknown variable', atLabel('a: <% customer %>'), /\{\{customer\}\} is not a variable; there are accountUuid/],
    ['a key that is a variable', atLabel('<%runnerUuid%>: a'), /a key cannot hold a variable/],
    ['braces without quotes', atLabel('a: {<%runnerUuid%>}'), /a key cannot hold a variable; put quotes around/],
    [
      'a credential outside of the Secret',
      templateWith('customer: shared', 'a: <%oauthClientId_base64%>'),
      /only be used in the Secret/,
    ],
    [
      'a field that Kubernetes does not know',
      templateWith('backoffLimit: 6', 'backofLimit: 6'),
      /:\d+:\d+ items\[1\]\.spec\.backofLimit: unknown field/,
    ],
    [
      'aliases that multiply',
      `a: &a [${'x,'.repeat(99)}]\nb: &b [${'*a,'.repeat(99)}]\nc: [${'*b,'.repeat(99)}]\n${GUIDE_TEMPLATE}`,
      /:3:\d+ its aliases and merges multiply into too many values/,
    ],
    [
      'nesting without end',
      templateWith('customer: shared', `customer: ${'['.repeat(150)}${']'.repeat(150)}`),
      /:\d+:\d+ is nested too deeply/,
    ],
    ['broken YAML', templateWith('kind: List', 'kind: "List'), /is not valid YAML/],
    [
      'several documents',
      templateWith('kind: List', 'kind: List\n---\na: b'),
      /job\.yaml\.template:\d+:1 is a second document; give/,
    ],
    [
      'a value that begins with %',
      templateWith('customer: shared', 'customer: %shared'),
      /is not valid YAML: .*; put quotes around/,
    ],
    [
      'a Helm template',
      templateWith('customer: shared', 'customer: {{ .Values.customer }}'),
      /this is Helm; render the chart/,
    ],
    [
      'another name of the Job',
      templateWith('name: runner-<%runnerUuid%>', 'name: r-<%runnerUuid%>'),
      /:\d+:\d+ items\[1\]\.metadata\.name: must be runner-/,
    ],
  ])('%s', async (_, template, message) => {
    const migration = await migrateTexts({ template });
    expect(migration.files).toEqual([]);
    expect(problemsOf(migration).join('\n')).toMatch(message);
    expect(problemsOf(migration).every((line) => line.startsWith('job.yaml.template:'))).toBe(true);
  });

  it.each<[string, string]>([
    [
      'an entry that does not use the variable',
      '{%- if repositoryUuid %}\n        kind: of-a-repository\n    {%- endif %}\n        runnerUuid: a',
    ],
    [
      'an item that does not use the variable',
      '{%- if repositoryUuid %}\n        list:\n          - a\n    {%- endif %}\n        runnerUuid: a',
    ],
  ])('%s inside "if repositoryUuid" would always be there', async (_, text) => {
    const migration = await migrateTexts({ template: templateWith(RUNNER_UUID_LABEL, text) });
    expect(problemsOf(migration)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^job\\.yaml\\.template:${label + 1}:9 this entry is inside "if repositoryUuid" \\(line ${label}\\) and would stay`,
        ),
      ),
    ]);
  });

  it('an "if" inside of a text would change the text', async () => {
    const script =
      'value: |\n                      one\n{%- if repositoryUuid %}\n                      two\n{%- endif %}';
    const migration = await migrateTexts({ template: templateWith('value: "/tmp"', script) });
    expect(problemsOf(migration)).toEqual([expect.stringMatching(/an "if" inside of a text cannot be converted/)]);
  });

  it('everything at once', async () => {
    const template = templateWith(RUNNER_UUID_LABEL, 'a: <% b | c %>\n{% set x = 1 %}\n{% include "y" %}');
    expect(problemsOf(await migrateTexts({ template }))).toHaveLength(3);
  });

  it('in a ConfigMap as kubectl prints it, one text in quotes, the lines are those of the template', async () => {
    const text = templateWith('backoffLimit: 6', 'backofLimit: 6');
    const line = text.split('\n').findIndex((one) => one.includes('backofLimit')) + 1;
    const { migrate } = await import('#tools/migrate/migrate.ts');
    const migration = await migrate([
      { source: 'cm.yaml', text: `kind: ConfigMap\ndata:\n  job.yaml.template: ${JSON.stringify(text)}\n` },
    ]);
    expect(problemsOf(migration)).toEqual([
      expect.stringMatching(
        `^cm\\.yaml:3 line ${line} of the text that begins here: items\\[1\\]\\.spec\\.backofLimit: unknown field`,
      ),
    ]);
  });

  it('places are those of the ConfigMap', async () => {
    const indented = templateWith('backoffLimit: 6', 'backofLimit: 6').replace(/^/gm, '    ');
    const head = 'kind: ConfigMap\ndata:\n  job.yaml.template: |\n';
    const { migrate } = await import('#tools/migrate/migrate.ts');
    const line = `${head}${indented}`.split('\n').findIndex((text) => text.includes('backofLimit')) + 1;
    const migration = await migrate([{ source: 'cm.yaml', text: `${head}${indented}` }]);
    expect(problemsOf(migration)).toEqual([
      expect.stringMatching(new RegExp(`^cm\\.yaml:${line}:\\d+ items\\[1\\]\\.spec\\.backofLimit: unknown field`)),
    ]);
  });
});

describe('comments', () => {
  it.each([
    ['of YAML, on a line', '# about the kind\nkind: List', '# about the kind'],
    ['of YAML, behind a value', 'kind: List   # of two', 'kind: List # of two'],
    ['of Jinja, on a line', '{# about the kind #}\nkind: List', '# about the kind'],
    ['of Jinja, behind a value', 'kind: List {# of two #}', 'kind: List # of two'],
    ['what is commented out', 'kind: List\n# a: b', '# a: b'],
  ])('%s', async (_, text, kept) => {
    expect(templateOf(await migrateTexts({ template: templateWith('kind: List', text) }))).toContain(kept);
  });
});
