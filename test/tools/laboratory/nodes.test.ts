import { describe, expect, it } from 'vitest';
import type { RunnerGroup } from '#core/model/configuration.ts';
import { fleet, group } from '#kit/fleet.ts';
import { atlassianPolicy } from '#tools/laboratory/atlassian.ts';
import { nodesFor } from '#tools/laboratory/nodes.ts';
import { parseScenario, type ScenarioInput } from '#tools/laboratory/scenario.ts';
import { shippedPolicy } from '#tools/laboratory/shipped.ts';
import { play } from './trial.ts';

const GI = 2 ** 30;
const NODE = { cpu: 8, memory: 32 * GI };
const pods = (count: number, cpu: number, memory: number) => Array.from({ length: count }, () => ({ cpu, memory }));

describe('nodes for pods', () => {
  it.each([
    ['none', [], 0],
    ['as many as the cores allow', pods(8, 1, GI), 1],
    ['one more than the cores allow', pods(9, 1, GI), 2],
    ['as many as the memory allows', pods(8, 0.1, 4 * GI), 1],
    ['one more than the memory allows', pods(9, 0.1, 4 * GI), 2],
    ['fractions that fill a node but for their last digit', pods(80, 0.1, 0), 1],
    ['small ones beside large ones, whatever comes first', [...pods(4, 1, GI), ...pods(2, 6, GI)], 2],
    ['of the same cores, the larger memory first', [...pods(2, 4, 2 * GI), ...pods(2, 4, 30 * GI)], 2],
    ['those that request nothing', pods(100, 0, 0), 1],
    ['one that fills two', pods(1, 16, GI), 2],
    ['two that are larger than a node', pods(2, 9, GI), 4],
  ])('%s', (_name, all, nodes) => {
    expect(nodesFor(all, NODE)).toBe(nodes);
  });
});

const BUFFER = { kind: 'idleBuffer', idleCount: 2, scaleFactor: 0, scaleFactorLimit: 2 } as const;
const plain = group({ strategy: BUFFER, min: 3, max: 8 });
const large: RunnerGroup = {
  ...plain,
  pod: { ...plain.pod, size: '4x', runnerResources: { requests: { cpu: '100m', memory: '512Mi' } } },
};
const thrifty: RunnerGroup = {
  ...large,
  pod: { ...large.pod, whenIdle: { requests: { cpu: '50m', memory: '256Mi' } } },
};

/** A working Friday and a Saturday under field conditions: of such days is a month. */
const DAYS: ScenarioInput = {
  start: '2026-11-06T00:00:00Z',
  span: '2d',
  loads: [{ kind: 'workingWeek', peakPerHour: 10, weekend: 0.05, duration: { kind: 'exponential', mean: '5m' } }],
};

async function days(config: RunnerGroup) {
  const groups = fleet([config]);
  const { figures } = await play(parseScenario(DAYS, 'test'), groups, shippedPolicy('test', groups));
  return figures;
}

it('idle runners reserve at most 8 % with whenIdle, nodes cost less than half, and no step begins later', async () => {
  const [without, with_] = [await days(large), await days(thrifty)];
  expect(without.nodes?.idleShare).toEqual({ cpu: 1, memory: 1 });
  expect(with_.nodes?.idleShare.cpu).toBeLessThanOrEqual(0.08);
  expect(with_.nodes?.idleShare.memory).toBeLessThanOrEqual(0.08);
  expect(with_.nodes?.aMonth).toBeLessThan(0.5 * (without.nodes?.aMonth ?? 0));
  expect(with_.nodes?.idleAMonth).toBeLessThan(0.5 * (without.nodes?.idleAMonth ?? 0));
  expect(with_.steps.arrived).toBeGreaterThan(50);
  expect({ ...with_, calls: undefined, nodes: undefined }).toEqual({ ...without, calls: undefined, nodes: undefined });
});

it('the price is that of the scenario', async () => {
  const scenario = (hour: number) =>
    parseScenario({ conditions: 'ideal', span: '2h', prices: { node: { cpu: '20', memory: '64Gi', hour } } }, 'test');
  const groups = fleet([plain]);
  const { figures } = await play(scenario(2), groups, shippedPolicy('test', groups));
  expect(figures.nodes).toMatchObject({ hours: 119 / 60, aMonth: 2 * 720, idleAMonth: 2 * 720 });
});

it('a policy whose pods do not say what they request has no such figure', async () => {
  const groups = fleet([plain]);
  const scenario = parseScenario({ conditions: 'ideal', span: '1h' }, 'test');
  const { figures } = await play(scenario, groups, atlassianPolicy({ name: 'theirs', pollMs: 60_000 }, groups));
  expect(figures).not.toHaveProperty('nodes');
});
