import { describe, expect, it } from 'vitest';
import { InputError } from '#core/errors.ts';
import { parseScenario, readScenario } from '#tools/laboratory/scenario.ts';

const NODE = { cpu: 7.9, memory: 30 * 2 ** 30, hour: 0.384 };

describe('a scenario’s file', () => {
  it('needs nothing', () => {
    expect(parseScenario({}, 'scenario.json')).toEqual({
      name: 'scenario',
      start: Date.UTC(2026, 10, 9),
      span: 604_800_000,
      seed: 1,
      warmUp: 1_800_000,
      loads: [],
      conditions: 'field',
      startup: { kind: 'lognormal', median: 75_000, p95: 180_000 },
      marksLate: { kind: 'uniform', from: 0, to: 60_000 },
      listsLate: { kind: 'uniform', from: 0, to: 15_000 },
      pickUp: { kind: 'uniform', from: 0, to: 30_000 },
      callsPerHour: 1000,
      faults: 'normal',
      goal: 60_000,
      queueLimit: 9_000_000,
      concurrencyLimits: {},
      nodes: [],
      outages: [],
      prices: { runnerHour: 0.05, slotMonth: 15, includedSlots: 0, node: NODE, currency: 'USD' },
    });
  });

  it('may be of an ideal world, but for what it says itself', () => {
    expect(parseScenario({ conditions: 'ideal', pickUp: '10s' }, 'scenario.json')).toMatchObject({
      startup: { kind: 'constant', ms: 45_000 },
      marksLate: { kind: 'constant', ms: 0 },
      listsLate: { kind: 'constant', ms: 0 },
      pickUp: { kind: 'constant', ms: 10_000 },
      callsPerHour: 'unlimited',
      faults: 'none',
    });
  });

  it('says what else there is', () => {
    const { start, outages, nodes, prices } = parseScenario(
      {
        span: '30d',
        start: '2026-06-01T00:00:00+02:00',
        outages: [{ service: 'bitbucket', from: '1d', to: '1d2h' }],
        nodes: [{ from: '5h', capacity: 3 }],
        prices: { slotMonth: 10 },
      },
      'scenario.json',
    );
    expect(start).toBe(Date.UTC(2026, 4, 31, 22));
    expect(outages).toEqual([{ service: 'bitbucket', from: 86_400_000, to: 93_600_000 }]);
    expect(nodes).toEqual([{ from: 18_000_000, capacity: 3 }]);
    expect(prices).toEqual({ runnerHour: 0.05, slotMonth: 10, includedSlots: 0, node: NODE, currency: 'USD' });
  });

  it.each([
    [
      'YAML',
      'span: 1d\nloads:\n  - kind: burst\n    at: 1h\n    steps: 0\n    duration: 5m\n',
      's.yaml:5:12 loads[0].steps',
    ],
    ['JSON', '{\n  "span": "1d",\n  "seed": -1\n}', 's.yaml:3:11 seed'],
    ['no YAML', 'span: [1d', 's.yaml:1:10 is not valid YAML'],
    ['nothing', '', 's.yaml'],
  ])('is told the line of what is wrong: %s', (_name, text, place) => {
    expect(() => readScenario(text, 's.yaml')).toThrow(place);
  });

  it('is refused with everything that is wrong, each with its path', () => {
    const input = {
      span: 'ages',
      sed: 3,
      loads: [{ kind: 'burst', at: '1h', steps: 0, duration: '5m' }],
      outages: [{ service: 'kubernetes', from: '2h', to: '1h' }],
    };
    expect(() => parseScenario(input, 'scenario.json')).toThrow(InputError);
    expect(() => parseScenario(input, 'scenario.json')).toThrow(
      [
        'scenario.json span: "ages" is no span of time; write it like 30d, 2h30m or 45s',
        'scenario.json loads[0].steps: Too small: expected number to be >0',
        'scenario.json outages[0]: an outage must end after it begins',
        'scenario.json Unrecognized key: "sed"',
      ].join('\n'),
    );
  });
});
