/** docs/operate.md names what there is. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { metricsOf, metricsOfInvocation, metricsOfWake } from '#adapters/telemetry/metrics.ts';
import { runCommand } from './command.ts';
import { budget, group, report } from './reports.ts';

const text = await readFile(new URL('../../docs/operate.md', import.meta.url), 'utf8');

describe('docs/operate.md', () => {
  it('lists every metric', () => {
    const reports = [
      report({
        groups: [group()],
        budgets: [budget()],
        credential: { expiresAt: '2026-11-26T08:00:00.000Z', daysLeft: 3 },
      }),
      report({ tick: { skipped: 'x' } }),
      report({ tick: { mode: 'plan' } }),
    ];
    const names = reports
      .flatMap((one) => [...metricsOf(one, { perGroup: true }), ...metricsOfInvocation([one])])
      .flatMap(({ metrics }) => metrics.map(({ name }) => name));
    const wakes = (['taken', 'refused', 'forged', 'failed'] as const).flatMap((outcome) => metricsOfWake(outcome));
    names.push(...wakes.flatMap(({ metrics }) => metrics.map(({ name }) => name)));
    expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  it('has an example of every command', async () => {
    const { stdout } = await runCommand(['--help'], {});
    const commands = [...stdout.matchAll(/^ {2}(\w+) \[options\]/gm)].map(([, name]) => name);
    expect(commands.length).toBeGreaterThanOrEqual(5);
    expect(commands.filter((name) => !text.includes(`$ runner-autoscaler ${name} `))).toEqual([]);
  });
});
