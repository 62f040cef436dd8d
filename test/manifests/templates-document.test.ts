/** docs/templates.md shows what holds: its templates are right, its problems are those that are told. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { PodSettings } from '#core/model/configuration.ts';
import { checkManifests } from '#manifests/check.ts';
import { variablesOf } from '#manifests/variables.ts';
import { formatProblem } from '#yaml/problem.ts';
import { groupWith, manifestInput, templateOf } from './group.ts';

const text = await readFile('docs/templates.md', 'utf8');
const blocks = [...text.matchAll(/^```(\w[^\n]*)\n(.*?)^```$/gms)];
const blocksOf = (kind: string) => blocks.filter(([, info]) => info === kind).map(([, , block = '']) => block);

describe('docs/templates.md', () => {
  it('has a template without a problem or a trap', () => {
    const [template, ...others] = blocksOf('yaml template');
    expect(others).toEqual([]);
    for (const scope of [{ workspace: 'acme' }, { workspace: 'acme', repository: 'app' }]) {
      expect(checkManifests(groupWith({ template: templateOf(template ?? '') }, { scope }))).toEqual({
        problems: [],
        warnings: [],
      });
    }
  });

  it('shows the problems as they are', () => {
    const [broken = ''] = blocksOf('yaml broken');
    const { problems, warnings } = checkManifests(groupWith({ template: templateOf(broken) }));
    expect(problems.map((problem) => `${formatProblem(problem)}\n`).join('')).toBe(blocksOf('text problems')[0]);
    expect(warnings).toEqual([]);
  });

  it.each([...text.matchAll(/^\| `(\dx)` \| (\w+) \| (\d) \|$/gm)].map(([, ...cells]) => cells))(
    'says what %s is',
    (size, memory, cpu) => {
      const { everywhere } = variablesOf(manifestInput(groupWith({ size: size as PodSettings['size'] })));
      expect(everywhere).toMatchObject({ requests_memory: memory, limits_memory: memory, requests_cpu: `${cpu}000m` });
    },
  );
});
