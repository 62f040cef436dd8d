/** Files that nobody wrote to be migrated: each takes a moment, and ends in a problem that is foreseen or in files. */
import { expect, it } from 'vitest';
import { InputError } from '#core/errors.ts';
import { migrate } from '#tools/migrate/migrate.ts';

const times = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, n) => make(n)).join('');

const inConfigMap = (text: string) =>
  `kind: ConfigMap\nmetadata: { name: x }\ndata:\n  job.yaml.template: |\n${text.replaceAll(/^/gm, '    ')}\n`;

const JOB = 'kind: Job\nmetadata: { name: <%runnerUuid%> }\n';

const FILES: readonly (readonly [name: string, text: string, problem: RegExp | undefined])[] = [
  ['mappings with 10,000 keys of their own', times(10_000, (n) => `k${n}: 1\n`), /neither a runner configuration/],
  ['a key that comes twice', 'groups: []\ngroups: []\n', /Map keys must be unique/],
  ['a template whose keys come twice', `${JOB}metadata: {}\n`, /Map keys must be unique/],
  [
    'aliases that multiply',
    `a0: &a0 [x]\n${times(9, (n) => `a${n + 1}: &a${n + 1} [${times(20, () => `*a${n},`)}]\n`)}`,
    /multiply/,
  ],
  [
    'a merge in a container',
    `${JOB}x: &a {}\nspec: { template: { spec: { containers: [{ <<: *a }] } } }\n`,
    /aliases are not supported/,
  ],
  [
    'a text of 60,000 lists in a ConfigMap',
    inConfigMap(`${JOB}a: [${times(60_000, () => '[],')}]`),
    /more than 40000 pieces/,
  ],
  [
    '4,000 labels under as many keys',
    `groups:\n  - labels: [${times(4_000, () => 'a,')}]\n${times(4_000, (n) => `k${n}: 1\n`)}`,
    /./,
  ],
  ['labels that are placeholders', `groups:\n  - labels: [${times(4_000, () => '<a>,')}]\n`, /./],
  ['7,000 tags', inConfigMap(JOB + times(7_000, () => '{% if repositoryUuid %}\n{% endif %}\n')), /more than 100/],
  ['a tag of spaces', inConfigMap(`${JOB}{% ${' '.repeat(5_000)}x`), /./],
  ['a variable of spaces', inConfigMap(`${JOB}a: "<% ${' '.repeat(5_000)}x"`), /./],
  ['a selector of spaces', inConfigMap(`${JOB}{% if node_selector %}\n${' '.repeat(100_000)}x\n{% endif %}\n`), /./],
  ['comments without an end', inConfigMap(`${JOB}${'{#'.repeat(100_000)}`), /./],
  ['variables without an end', inConfigMap(`${JOB}a: "${'<%'.repeat(100_000)}"`), /./],
  ['variables after the last end', inConfigMap(`${JOB}a: "<%a%>${'<%'.repeat(100_000)}"`), /./],
  ['comments after the last end', inConfigMap(`${JOB}a: b {# c #}${'{#'.repeat(100_000)}`), /./],
  ['braces', `a: [\n${'{'.repeat(200_000)}`, /./],
  ['empty lines', inConfigMap(`groups\n${'\n'.repeat(200_000)}`), /./],
  ['node selectors', inConfigMap(JOB + times(5_000, () => '{% if node_selector %}\n{% endif %}\n')), /./],
];

it.each(FILES)('%s', async (_, text, problem) => {
  const before = process.cpuUsage();
  const said = await migrate([{ source: 'c.yaml', text }]).then(
    ({ problems }) => problems,
    (error) => {
      if (!(error instanceof InputError)) throw error;
      return error.problems;
    },
  );
  expect(said.map(({ message }) => message).join('\n')).toMatch(problem ?? /^$/);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(2_000);
});
