/**
 * What a deployment costs in a month: arithmetic over what a tick was measured to take, the prices, and how often it
 * runs. Pure.
 */
import { FREE, MEGABYTES_PER_PROCESSOR, PRICES } from './prices.ts';

/** Time that passed, and processor time within it, on one whole processor. */
export type TimeSpent = { readonly wallMs: number; readonly cpuMs: number };

/** What one tick of a fleet of some size takes, on average, in a function that is warm. */
export type TickProfile = {
  readonly workspaces: number;
  readonly groups: number;
  readonly runners: number;
  readonly tick: TimeSpent;
  /** A fresh function: its initialization and its first tick together. */
  readonly coldTick: TimeSpent;
  readonly peakMegabytes: number;
  /** DynamoDB's units; `recordUnits` are those of `writeUnits` that write the tick's record, of 1 KB each. */
  readonly writeUnits: number;
  readonly recordUnits: number;
  readonly readUnits: number;
  readonly objectReads: number;
  /** What the function writes; Lambda adds its own lines. */
  readonly logBytes: number;
  /** Names of the metrics of the fleet that a tick emits. */
  readonly metrics: readonly string[];
};

/** What of a deployment bears on its cost. */
export type CostSettings = {
  /** Megabytes. */
  readonly memory: number;
  readonly ticksPerMonth: number;
  readonly alarms: number;
  readonly dashboards: number;
  readonly secrets: number;
  readonly logRetentionDays: number;
  readonly recordsKeptDays: number;
};

/** One line of the bill: how many of what, and its price. `free` of the amount are without charge in every account. */
export type CostLine = {
  readonly item: string;
  readonly amount: number;
  readonly unit: string;
  readonly price: number;
  readonly free: number;
};

/** AWS's month: 365 × 24 ÷ 12 hours. */
export const HOURS_PER_MONTH = 730;

const GIGABYTE = 1024 ** 3;
const DAYS_PER_MONTH = HOURS_PER_MONTH / 24;

/** A function that is invoked every minute is replaced now and then; AWS says not how often. On the safe side. */
const COLD_STARTS_PER_DAY = 24;

/** Lambda's lines about an invocation: START, END, REPORT. */
const PLATFORM_LOG_BYTES = 400;

/** DynamoDB asks KMS again for the table's key, and the function for its secrets, after five minutes. */
const RENEWALS_PER_MONTH = HOURS_PER_MONTH * 12;

/**
 * How long something takes in a function with this much memory: waiting takes what it takes, computing is stretched by
 * the part of a processor that the memory brings.
 */
export function durationMs({ wallMs, cpuMs }: TimeSpent, memory: number): number {
  return wallMs + cpuMs * Math.max(0, MEGABYTES_PER_PROCESSOR / memory - 1);
}

/** GB-seconds of a month, cold starts included. */
export function gigabyteSeconds(profile: TickProfile, { memory, ticksPerMonth }: CostSettings): number {
  const cold = Math.min(ticksPerMonth, COLD_STARTS_PER_DAY * DAYS_PER_MONTH);
  const warmMs = durationMs(profile.tick, memory) * (ticksPerMonth - cold);
  const coldMs = durationMs(profile.coldTick, memory) * cold;
  return ((warmMs + coldMs) / 1_000) * (memory / 1024);
}

/** The bill, line by line. */
export function monthlyCost(profile: TickProfile, settings: CostSettings): readonly CostLine[] {
  return [...byTick(profile, settings), ...byMonth(profile.metrics.length, settings)];
}

function byTick(profile: TickProfile, settings: CostSettings): readonly CostLine[] {
  const { ticksPerMonth: ticks, logRetentionDays, recordsKeptDays } = settings;
  const line = (item: string, amount: number, unit: string, price: number, free = 0) =>
    ({ item, amount, unit, price, free }) as const;
  const logGigabytes = ((profile.logBytes + PLATFORM_LOG_BYTES) * ticks) / GIGABYTE;
  const recordGigabytes = ((profile.recordUnits * 1024 * ticks) / GIGABYTE) * (recordsKeptDays / DAYS_PER_MONTH);
  return [
    line('Lambda, requests', ticks, 'requests', PRICES.lambdaRequest, FREE.lambdaRequests),
    line(
      'Lambda, time',
      gigabyteSeconds(profile, settings),
      'GB-seconds',
      PRICES.lambdaGigabyteSecond,
      FREE.lambdaGigabyteSeconds,
    ),
    line('DynamoDB, writes', profile.writeUnits * ticks, 'units', PRICES.writeUnit),
    line('DynamoDB, reads', profile.readUnits * ticks, 'units', PRICES.readUnit),
    line('DynamoDB, storage', recordGigabytes, 'GB', PRICES.tableGigabyteMonth, FREE.tableGigabytes),
    line('DynamoDB, point-in-time recovery', recordGigabytes, 'GB', PRICES.recoveryGigabyteMonth),
    line('S3, reads', profile.objectReads * ticks, 'requests', PRICES.objectRead),
    line('CloudWatch Logs, ingestion', logGigabytes, 'GB', PRICES.logGigabyte, FREE.logGigabytes),
    line('CloudWatch Logs, storage', logGigabytes * (logRetentionDays / DAYS_PER_MONTH), 'GB', PRICES.logGigabyteMonth),
  ];
}

function byMonth(metrics: number, { alarms, dashboards, secrets }: CostSettings): readonly CostLine[] {
  return [
    { item: 'KMS', amount: RENEWALS_PER_MONTH, unit: 'requests', price: PRICES.keyUse, free: FREE.keyUses },
    { item: 'Secrets Manager, secrets', amount: secrets, unit: 'secrets', price: PRICES.secretMonth, free: 0 },
    {
      item: 'Secrets Manager, reads',
      amount: RENEWALS_PER_MONTH * secrets,
      unit: 'requests',
      price: PRICES.secretRead,
      free: 0,
    },
    { item: 'CloudWatch, metrics', amount: metrics, unit: 'metrics', price: PRICES.metricMonth, free: FREE.metrics },
    { item: 'CloudWatch, alarms', amount: alarms, unit: 'alarms', price: PRICES.alarmMonth, free: FREE.alarms },
    {
      item: 'CloudWatch, dashboard',
      amount: dashboards,
      unit: 'dashboards',
      price: PRICES.dashboardMonth,
      free: FREE.dashboards,
    },
  ];
}

/** Dollars of a line, as if the account had nothing free. */
export function listPrice({ amount, price }: CostLine): number {
  return amount * price;
}

/** Dollars of a line where nothing else in the account uses what is free. */
export function priceAfterFree({ amount, price, free }: CostLine): number {
  return Math.max(0, amount - free) * price;
}

/** Dollars of all lines. */
export function total(lines: readonly CostLine[], priceOf: (line: CostLine) => number = listPrice): number {
  return lines.reduce((sum, line) => sum + priceOf(line), 0);
}
