import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { loadFleet } from '#config/load.ts';
import { readConfig } from '#config/read.ts';
import { checkGroups } from '#manifests/check.ts';
import { formatProblem } from '#yaml/problem.ts';
import { generatedFiles } from '../../scripts/generated-files.ts';

const readText = (source: string) => readFile(source, 'utf8');
const ATLASSIAN = ['3.11', '3x', 'guide'].map((version) => `examples/atlassian-${version}/runners_config.yaml`);
const OURS = globSync('examples/*/runners.yaml');

describe('examples', () => {
  it.each(ATLASSIAN)('%s loads as it is; only the constants without meaning are worth a word', async (file) => {
    const { warnings } = await loadFleet(file, { readText });
    expect(warnings.map(({ path }) => path)).toEqual([
      'constants.default_sleep_time_runner_setup',
      'constants.default_sleep_time_runner_delete',
      'constants.runner_api_polling_interval',
    ]);
  });

  it.each(OURS)('%s loads without a warning, with manifests that are right and in no trap', async (file) => {
    const { fleet, warnings } = await loadFleet(file, { readText });
    expect(warnings).toEqual([]);
    expect(checkGroups(fleet.groups)).toEqual({ problems: [], warnings: [] });
  });

  it.each(OURS)('%s names the schema', async (file) => {
    expect(await readText(file)).toMatch(
      /^# yaml-language-server: \$schema=\.\.\/\.\.\/docs\/configuration\.schema\.json\n/,
    );
  });

  it('are at least these', () => {
    expect(OURS.length).toBeGreaterThanOrEqual(4);
  });
});

describe('docs/configuration.md', async () => {
  const blocks = [...(await readText('docs/configuration.md')).matchAll(/^```(\w[^\n]*)\n(.*?)^```$/gms)];
  const blocksOf = (kind: string) => blocks.filter(([, info]) => info === kind).map(([, , text = '']) => text);

  it.each(blocksOf('yaml'))('has an example that loads: %#', (text) => {
    expect(readConfig(text, 'runners.yaml')).toMatchObject({ problems: [], warnings: [] });
  });

  it('shows the problems as they are', () => {
    const problems = blocksOf('yaml broken').map((text) =>
      readConfig(text, 'runners.yaml')
        .problems.map((problem) => `${formatProblem(problem)}\n`)
        .join(''),
    );
    expect(problems).toEqual(blocksOf('text problems'));
    expect(problems).toHaveLength(1);
  });
});

describe('generated files', () => {
  it('the schema has only patterns that mean the same without the u flag, as editors compile them', async () => {
    const patterns = [...(await readText('docs/configuration.schema.json')).matchAll(/"pattern": (".*")/g)];
    expect(patterns.length).toBeGreaterThan(10);
    expect(patterns.filter(([, pattern]) => pattern?.includes('\\\\p{'))).toEqual([]);
  });

  it.each(generatedFiles)('$file is up to date', async ({ file, generate }) => {
    expect(await readText(file)).toBe(await generate());
  });
});
