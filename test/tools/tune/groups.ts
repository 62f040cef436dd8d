/** Groups as a configuration makes them, for tests of tuning. */
import { loadFleet } from '#config/load.ts';
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';

/** The fleet of a configuration's text. */
export async function fleetOf(text: string): Promise<Fleet> {
  return (await loadFleet('runners.yaml', { readText: async () => text })).fleet;
}

/** One group, with these lines under `parameters` and for itself. */
export async function groupOf(
  strategy: string,
  parameters: readonly string[],
  own: readonly string[] = [],
): Promise<RunnerGroup> {
  const [group] = (await fleetOf(configOf(strategy, parameters, own))).groups;
  if (group === undefined) throw new Error('there is a group');
  return group;
}

/** The text of a configuration with one group, `linux`. */
export function configOf(strategy: string, parameters: readonly string[], own: readonly string[] = []): string {
  return [
    'groups:',
    '  - name: linux',
    '    workspace: acme',
    '    labels: [builds]',
    '    namespace: runners',
    `    strategy: ${strategy}`,
    ...own.map((line) => `    ${line}`),
    '    parameters:',
    ...parameters.map((line) => `      ${line}`),
    '',
  ].join('\n');
}
