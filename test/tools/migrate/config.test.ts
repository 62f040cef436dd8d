/** The configuration: what goes, what stays, what is told of placeholders, and where problems are. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as yaml from 'yaml';
import { readConfig } from '#config/read.ts';
import { migrate } from '#tools/migrate/migrate.ts';
import { withGroups } from '../../config/samples.ts';
import { CONFIG, codesOf, configOf, GUIDE, migrateTexts, problemsOf, warningsOf } from './samples.ts';

const migrateConfig = (text: string) => migrate([{ source: 'runners_config.yaml', text }]);

describe('constants', () => {
  const withConstants = (constants: string) => CONFIG.replace(/constants:\n(?: .*\n)+/, constants);

  it.each<[string, string, readonly string[], RegExp]>([
    [
      'all four',
      'constants:\n  default_sleep_time_runner_setup: 10\n  default_sleep_time_runner_delete: 5\n  runner_api_polling_interval: 600\n  runner_cool_down_period: 60 # a minute\n',
      ['polling', 'pauses', 'cool-down'],
      /constants:\n {2}runner_cool_down_period: 60 # a minute\n/,
    ],
    [
      'the cool-down',
      'constants: { runner_cool_down_period: 60 }\n',
      ['cool-down'],
      /constants: \{ runner_cool_down_period: 60 \}/,
    ],
    ['the polling interval', 'constants:\n  runner_api_polling_interval: 600\n', ['polling'], /^(?![\s\S]*constants)/],
    ['one pause', 'constants:\n  default_sleep_time_runner_setup: 10\n', ['pauses'], /^(?![\s\S]*constants)/],
    ['none', '', [], /^(?![\s\S]*constants)/],
  ])('%s', async (_, constants, codes, text) => {
    const migration = await migrateConfig(withConstants(constants));
    expect(codesOf(migration)).toEqual([...codes, 'built-in-template']);
    expect(configOf(migration)).toMatch(text);
    expect(readConfig(configOf(migration), 'x').warnings).toEqual([]);
  });
});

describe('placeholders pass, with a word', () => {
  it.each<[string, string, string, string]>([
    ['the workspace of the guide', '"acme"', '"my guid"', 'workspace'],
    ['a uuid to be', '"acme"', '"{workspace_uuid}"', 'workspace'],
    ['a word in brackets', '"acme"', '"<workspace>"', 'workspace'],
    ['a label', '"grp1"', '"<another.label>"', 'labels[0]'],
    ['a namespace', '"runners"', '"<k8s namespace>"', 'namespace'],
  ])('%s', async (_, before, after, path) => {
    const text = CONFIG.replace(before, after);
    const migration = await migrateConfig(text);
    expect(problemsOf(migration)).toEqual([]);
    expect(warningsOf(migration)).toEqual([
      expect.stringMatching(/^runners_config\.yaml:\d+:\d+ groups\[0\]\.\S+: ".+" is a placeholder; replace it with/),
    ]);
    expect(warningsOf(migration)[0]).toContain(`groups[0].${path}: ${after} is a placeholder`);
    expect(migration.placeholders).toBe(1);
    expect(configOf(migration)).toContain(after);
    expect(readConfig(configOf(migration), 'x').problems).toHaveLength(1);
  });

  it('in several groups, with the same words', async () => {
    const group = CONFIG.slice(CONFIG.indexOf('  - name:')).replace('"grp1"', '"<label>"');
    const config = `groups:\n${group}${group.replace('group 1', 'group 2')}`.replaceAll('"acme"', '"my guid"');
    expect(problemsOf(await migrateConfig(config))).toEqual([]);
  });

  it('does not hide what is wrong besides', async () => {
    const migration = await migrateConfig(CONFIG.replace('"acme"', '"my guid"').replace('min: 1 ', 'min: 99 '));
    expect(problemsOf(migration)).toEqual([
      expect.stringMatching(/^runners_config\.yaml:15:12 groups\[0\]\.parameters\.min/),
    ]);
  });
});

describe('a configuration that is wrong is told with its place in the ConfigMap', () => {
  it.each<[string, string, string, RegExp]>([
    ['an unknown key', 'strategy:', 'stratgy:', /^cm\.yaml:20:9 groups\[0\]\.stratgy: unknown key/m],
    [
      'a label with capitals',
      '"grp1"',
      '"Grp1"',
      /^cm\.yaml:18:13 groups\[0\]\.labels\[0\]: "Grp1" is not a runner label/m,
    ],
    ['broken YAML inside', '"grp1"', '"grp1', /^cm\.yaml:\d+:\d+ is not valid YAML/m],
    ['the form of the first versions', 'groups:', 'config:', /^cm\.yaml:13:5 config: unknown key/m],
  ])('%s', async (_, before, after, message) => {
    const source = GUIDE[2]?.text.replaceAll('my guid', 'acme').replace(before, after) ?? '';
    const migration = await migrate([{ source: 'cm.yaml', text: source }]);
    expect(migration.files).toEqual([]);
    expect(problemsOf(migration).join('\n')).toMatch(message);
  });
});

describe('what a group says', () => {
  it('stays, whatever it is', async () => {
    const group = fc.record(
      {
        name: fc.string({ minLength: 1 }).map((text) => `n${text.replaceAll(/\p{Cc}/gu, '')}n`),
        resources: fc.constantFrom({ requests: { memory: '2Gi' } }, { limits: { memory: '1Gi', cpu: '500m' } }),
        nodeSelector: fc.dictionary(fc.stringMatching(/^[a-z]{1,9}$/), fc.stringMatching(/^[a-z0-9]{0,9}$/)),
        env: fc.dictionary(fc.stringMatching(/^[A-Z]{1,9}_X$/), fc.string({ unit: 'grapheme' })),
        coolDown: fc.constantFrom('5m', 90, '1h30m'),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(group, { selector: ({ name }) => name, minLength: 1, maxLength: 12 }),
        async (groups) => {
          const text = yaml.stringify(yaml.parse(withGroups(groups)));
          fc.pre(readConfig(text, 'x').problems.length === 0);
          const migration = await migrateTexts({ config: text });
          const { groups: migrated } = yaml.parse(configOf(migration)) as { groups: Record<string, unknown>[] };
          const { groups: given } = yaml.parse(text) as { groups: Record<string, unknown>[] };
          expect(migrated).toEqual(given.map((one) => ({ ...one, jobTemplate: 'runner' })));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('comments stay with their keys', async () => {
    const text = CONFIG.replace('strategy:', '# which rule\n    strategy:').replace('groups:', '# all groups\ngroups:');
    const migrated = configOf(await migrateConfig(text));
    expect(migrated).toMatch(/ {4}# which rule\n {4}strategy: /);
    expect(migrated).toMatch(/^# all groups\ngroups:/m);
    expect(migrated).toContain('max: 10 # not more');
  });

  it('anchors and merge keys stay', async () => {
    const text = CONFIG.replace('groups:', 'x-rule: &rule { min: 1 }\ngroups:').replace(
      'min: 1  # at least 1',
      '<<: *rule',
    );
    const migration = await migrateTexts({ config: text });
    expect(configOf(migration)).toContain('<<: *rule');
  });
});
