/** Every string of a template survives: what was written there is what the rendered Job says. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as yaml from 'yaml';
import { renderManifests } from '#manifests/render.ts';
import { groupWith, manifestInput } from '../../manifests/group.ts';
import { migrateTexts, templateOf, templateWith } from './samples.ts';

/** Anything but the beginnings of Jinja's own syntax, and of Helm's. */
const text = fc
  .oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(
      '{{x}}',
      '}}',
      '{{{',
      '{{.Name}}',
      '\\',
      '# no comment',
      'yes',
      '0644',
      '2026-11-01',
      "it's",
      '---',
    ),
  )
  .filter((value) => !/<%|\{%|\{#/.test(value));

type Rendered = {
  metadata: { annotations: Record<string, string> };
  spec: { template: { spec: { containers: { name: string; env: { name: string; value?: string }[] }[] } } };
};

it('in annotations and in the environment, quoted in any way', async () => {
  const styled = fc.tuple(text, fc.constantFrom('QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL', 'PLAIN'));
  await fc.assert(
    fc.asyncProperty(styled, styled, async (annotation, variable) => {
      const entries = new Map([
        ['of.the/user', annotation],
        ['of.the/second', variable],
      ]);
      const template = templateWith(
        '      name: runner-<%runnerUuid%>',
        `      annotations:\n${[...entries].map(([key, value]) => entryOf(key, value, 8)).join('')}      name: runner-<%runnerUuid%>`,
      ).replace(
        '- name: WORKING_DIRECTORY',
        () => `- name: OF_THE_USER\n${entryOf('value', variable, 18)}                - name: WORKING_DIRECTORY`,
      );
      const migration = await migrateTexts({ template });
      expect(migration.problems).toEqual([]);
      const own = { name: 'migrated', origin: 'job-template.yaml', text: templateOf(migration) };
      const { job } = renderManifests(manifestInput(groupWith({ template: own })));
      const { metadata, spec } = job as unknown as Rendered;
      expect(metadata.annotations).toMatchObject({ 'of.the/user': annotation[0], 'of.the/second': variable[0] });
      const runner = spec.template.spec.containers.find(({ name }) => name === 'runner');
      expect(runner?.env.find(({ name }) => name === 'OF_THE_USER')?.value).toBe(variable[0]);
    }),
    {
      numRuns: 80,
      examples: [
        [
          [' ', 'BLOCK_LITERAL'],
          ['', 'QUOTE_DOUBLE'],
        ],
        [
          ['\u2028', 'QUOTE_DOUBLE'],
          ['a\u2029b', 'QUOTE_SINGLE'],
        ],
      ],
    },
  );
});

/** A mapping entry in the given style, as far as the value allows it, indented. */
function entryOf(key: string, [value, style]: readonly [string, string], indentation: number): string {
  const document = new yaml.Document({ [key]: value }, { version: '1.1' });
  const scalar = document.get(key, true) as yaml.Scalar;
  // A block of nothing but blanks says nothing at all, in YAML itself.
  scalar.type = (/\S/.test(value) ? style : 'QUOTE_DOUBLE') as yaml.Scalar.Type;
  // For a regular expression a line also begins after U+2028, which is part of a value.
  const lines = document.toString({ lineWidth: 0 }).split('\n');
  return lines.map((line) => (line === '' ? line : `${' '.repeat(indentation)}${line}`)).join('\n');
}
