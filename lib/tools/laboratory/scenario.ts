/**
 * A scenario: everything that is given before a policy is tried, as data. What a file says and what a benchmark builds
 * are the same thing; two runs of one scenario see the same steps, the same start-up times and the same outages.
 */
import * as z from 'zod';
import { InputError } from '#core/errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#core/time.ts';
import { parseYaml } from '#yaml/document.ts';
import { type Finding, formatPath, type Path, problem } from '#yaml/finding.ts';
import type { InputProblem } from '#yaml/problem.ts';
import { parseQuantity } from '#yaml/quantity.ts';
import { CONDITION_KEYS, settleConditions } from './conditions.ts';
import { load } from './load.ts';
import { longerThanNothing, span } from './span.ts';

/** A Monday, midnight UTC. */
const DEFAULT_START = Date.UTC(2026, 10, 9);
const money = z.number().nonnegative();

/** Calls to the service fail from `from` until `to`, both counted from the start. */
const outage = z
  .strictObject({ service: z.enum(['bitbucket', 'kubernetes']), from: span, to: span })
  .refine(({ from, to }) => from < to, 'an outage must end after it begins');

/** From `from` on, counted from the start, that many pods fit on the nodes. */
const nodes = z.strictObject({ from: span, capacity: z.number().int().nonnegative() });

/** An amount as Kubernetes writes it; comes out as cores or bytes. */
const quantity = z
  .string()
  .refine((text) => (parseQuantity(text) ?? 0) > 0, 'must be a quantity like 7.9, 500m or 30Gi')
  .transform((text) => parseQuantity(text) ?? 0);

/** What pods may request of a node, and what it costs an hour; 8 cores and 32 GiB of EC2 unless given (m6i.2xlarge). */
const node = z.strictObject({
  cpu: quantity.prefault('7.9'),
  memory: quantity.prefault('30Gi'),
  hour: money.default(0.384),
});

/** What things cost, in one currency. */
const prices = z.strictObject({
  /** A registered runner for an hour: its share of a node. */
  runnerHour: money.default(0.05),
  /** A concurrent build slot for a month, billed on the month's peak. */
  slotMonth: money.default(15),
  /** Slots that cost nothing. */
  includedSlots: money.default(0),
  /** The nodes that pods are packed on, to see what their requests cost. */
  node: node.prefault({}),
  /** Only shown. */
  currency: z.string().min(1).max(8).default('USD'),
});

/** The keys of a scenario's file. */
const written = z.strictObject({
  name: z.string().min(1).default('scenario'),
  /** When it begins; a Monday at midnight UTC unless given. */
  start: z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .default(DEFAULT_START),
  /** How long it lasts; a week unless given. */
  span: longerThanNothing.default(7 * DAY_MS),
  seed: z.number().int().nonnegative().default(1),
  /** How long policies run before anything counts, so that they are not judged by an empty beginning. */
  warmUp: span.default(30 * MINUTE_MS),
  loads: z.array(load).default([]),
  /** A file with the steps that come, instead of loads; its beginning and end are then those of the scenario. */
  history: z.string().min(1).optional(),
  /** Shown with every policy: the share of steps that wait no longer than this. */
  goal: longerThanNothing.default(MINUTE_MS),
  /** How long a step may wait before it fails: Bitbucket's limit. */
  queueLimit: longerThanNothing.default(2.5 * HOUR_MS),
  /** By workspace: how many steps Bitbucket lets run at once. */
  concurrencyLimits: z.record(z.string(), z.int().positive()).default({}),
  /** Bitbucket tells of steps that are ready or have ended, so long afterwards; absent: nobody takes its events. */
  events: span.optional(),
  nodes: z.array(nodes).default([]),
  outages: z.array(outage).default([]),
  prices: prices.prefault({}),
  ...CONDITION_KEYS,
});

/** The shape of a scenario's file. */
export const scenario = written.transform(
  ({ startup, marksLate, listsLate, pickUp, callsPerHour, faults, ...others }) => ({
    ...others,
    ...settleConditions(others.conditions, { startup, marksLate, listsLate, pickUp, callsPerHour, faults }),
  }),
);

/** A scenario, its spans in milliseconds. */
export type Scenario = z.output<typeof scenario>;

/** A scenario as a file or a program writes it. */
export type ScenarioInput = z.input<typeof scenario>;

/**
 * Reads a scenario; `source` names it in the problems, `locate` finds their places in its text. Throws `InputError` with
 * every problem and its path.
 */
export function parseScenario(
  input: unknown,
  source: string,
  locate: (finding: Finding) => InputProblem = ({ path, message }) => ({ source, path: formatPath(path), message }),
): Scenario {
  const result = scenario.safeParse(input);
  if (result.success) return result.data;
  throw new InputError(result.error.issues.map(({ path, message }) => locate(problem(path as Path, message))));
}

/** Reads the text of a scenario's file, YAML or JSON. Throws `InputError` with every problem, its line and its path. */
export function readScenario(text: string, source: string): Scenario {
  const { value, findings, locate } = parseYaml(text, source);
  if (findings.length > 0) throw new InputError(findings.map(locate));
  return parseScenario(value, source, locate);
}

const FIVE_MINUTES = { kind: 'lognormal', median: '4m', p95: '12m' } as const;
const SHORT_TESTS = { kind: 'lognormal', median: '57s', p95: '574s' } as const;

/** Scenarios that have a name, for a first look at a configuration: each of its groups gets the load. */
export const NAMED_SCENARIOS: Readonly<Record<string, ScenarioInput>> = {
  burst: { span: '1d', loads: [{ kind: 'burst', at: '10m7s', steps: 30, every: '2h13m7s', duration: '5m' }] },
  'working-week': {
    span: '7d',
    loads: [{ kind: 'workingWeek', peakPerHour: 40, weekend: 0.05, duration: FIVE_MINUTES }],
  },
  nightly: { span: '3d', loads: [{ kind: 'nightly', at: '2h', steps: 60, over: '20m', duration: '10m' }] },
  trickle: { span: '1d', loads: [{ kind: 'trickle', every: '3m11s', duration: '5m' }] },
  flapping: { span: '1d', loads: [{ kind: 'flapping', on: '5m', off: '10m13s', steps: 10, duration: '4m' }] },
  poisson: { span: '1d', loads: [{ kind: 'poisson', perHour: 20, duration: FIVE_MINUTES }] },
  // The shapes of four real histories: how many steps come together, when, and how long they run.
  matrix: {
    span: '7d',
    loads: [
      {
        kind: 'batches',
        perHour: 37,
        weekend: 0.1,
        steps: { median: 6, p95: 28 },
        duration: { kind: 'lognormal', median: '218s', p95: '1386s' },
      },
    ],
  },
  'nightly-regression': {
    span: '14d',
    loads: [
      { kind: 'burst', at: '4d16h40m', every: '7d', steps: 560, duration: SHORT_TESTS },
      { kind: 'burst', at: '2d20h5m', every: '7d', steps: 330, duration: SHORT_TESTS },
      { kind: 'batches', perHour: 1.8, weekend: 0, steps: { median: 3, p95: 8 }, duration: SHORT_TESTS },
    ],
  },
  'small-team': {
    span: '14d',
    loads: [
      {
        kind: 'workingWeek',
        peakPerHour: 2.2,
        weekend: 0.17,
        duration: { kind: 'lognormal', median: '2846s', p95: '3426s' },
      },
    ],
  },
  'long-builds': {
    span: '14d',
    loads: [
      {
        kind: 'workingWeek',
        peakPerHour: 2,
        weekend: 0.11,
        duration: { kind: 'lognormal', median: '5305s', p95: '13525s' },
      },
    ],
  },
};
