/** The bill of a month, worked out by hand where the numbers are round. */
import { describe, expect, it } from 'vitest';
import {
  type CostSettings,
  durationMs,
  gigabyteSeconds,
  listPrice,
  monthlyCost,
  priceAfterFree,
  type TickProfile,
  total,
} from '../../infra/cost.ts';
import { FREE, PRICES } from '../../infra/prices.ts';
import { defaultCostSettings } from '../../scripts/cost-document.ts';

const PROFILE: TickProfile = {
  workspaces: 1,
  groups: 10,
  runners: 100,
  tick: { wallMs: 1_000, cpuMs: 0 },
  coldTick: { wallMs: 3_000, cpuMs: 0 },
  peakMegabytes: 100,
  writeUnits: 20,
  recordUnits: 4,
  readUnits: 10,
  objectReads: 2,
  logBytes: 624,
  metrics: Array.from({ length: 18 }, (_, index) => `metric-${index}`),
};

const SETTINGS: CostSettings = {
  memory: 1024,
  ticksPerMonth: 1_048_576,
  alarms: 7,
  dashboards: 1,
  secrets: 2,
  logRetentionDays: 365,
  recordsKeptDays: 365,
};

const amountOf = (item: string, settings: Partial<CostSettings> = {}) =>
  monthlyCost(PROFILE, { ...SETTINGS, ...settings }).find((line) => line.item === item)?.amount;

describe('the duration in a function', () => {
  it.each([
    ['waiting alone, whatever the memory', { wallMs: 700, cpuMs: 0 }, 128, 700],
    ['computing alone, on a whole processor', { wallMs: 100, cpuMs: 100 }, 1769, 100],
    ['computing alone, on half a processor', { wallMs: 100, cpuMs: 100 }, 884.5, 200],
    ['both, on a quarter of a processor', { wallMs: 500, cpuMs: 100 }, 442.25, 800],
    ['computing on more than one processor is not faster', { wallMs: 500, cpuMs: 100 }, 3008, 500],
  ])('%s', (_, spent, memory, expected) => {
    expect(durationMs(spent, memory)).toBeCloseTo(expected, 6);
  });

  it('counts cold starts as what they take, once an hour', () => {
    // 730 cold ticks of 3 s, and the rest of 1 s.
    expect(gigabyteSeconds(PROFILE, { ...SETTINGS, ticksPerMonth: 43_800 })).toBeCloseTo(43_800 + 730 * 2, 6);
    expect(gigabyteSeconds(PROFILE, { ...SETTINGS, ticksPerMonth: 43_800, memory: 512 })).toBeCloseTo(
      (43_800 + 730 * 2) / 2,
      6,
    );
  });

  it('has no more cold starts than ticks', () => {
    expect(gigabyteSeconds(PROFILE, { ...SETTINGS, ticksPerMonth: 100 })).toBeCloseTo(300, 6);
  });
});

describe('the bill of a month', () => {
  it.each([
    ['Lambda, requests', 1_048_576],
    ['DynamoDB, writes', 20 * 1_048_576],
    ['DynamoDB, reads', 10 * 1_048_576],
    // 4 KB × 2^20 are 4 GB a month, kept for a year.
    ['DynamoDB, storage', 4 * 12],
    ['DynamoDB, point-in-time recovery', 4 * 12],
    ['S3, reads', 2 * 1_048_576],
    // 624 bytes and Lambda's 400 are 1 KB.
    ['CloudWatch Logs, ingestion', 1],
    ['CloudWatch Logs, storage', 12],
    ['KMS', 8_760],
    ['Secrets Manager, secrets', 2],
    ['Secrets Manager, reads', 17_520],
    ['CloudWatch, metrics', 18],
    ['CloudWatch, alarms', 7],
    ['CloudWatch, dashboard', 1],
  ])('%s: %d', (item, amount) => {
    expect(amountOf(item)).toBeCloseTo(amount, 9);
  });

  it('has every line once, each with a price', () => {
    const lines = monthlyCost(PROFILE, SETTINGS);
    expect(new Set(lines.map(({ item }) => item)).size).toBe(lines.length);
    expect(lines.every(({ price }) => price > 0)).toBe(true);
    expect(new Set(lines.map(({ price }) => price))).toEqual(new Set(Object.values(PRICES)));
  });

  it.each([
    ['less than what is free', 9, 0],
    ['exactly what is free', 10, 0],
    ['one more than what is free', 11, 0.3],
  ])('takes off what is free: %s', (_, amount, dollars) => {
    const line = {
      item: 'CloudWatch, metrics',
      amount,
      unit: 'metrics',
      price: PRICES.metricMonth,
      free: FREE.metrics,
    };
    expect(priceAfterFree(line)).toBeCloseTo(dollars, 9);
    expect(listPrice(line)).toBeCloseTo(amount * 0.3, 9);
  });

  it('adds up, by list price unless told otherwise', () => {
    const lines = monthlyCost(PROFILE, SETTINGS).filter(({ item }) => item.startsWith('CloudWatch, '));
    expect(total(lines)).toBeCloseTo(18 * 0.3 + 7 * 0.1 + 3, 9);
    expect(total(lines, priceAfterFree)).toBeCloseTo(8 * 0.3, 9);
    expect(total([])).toBe(0);
  });
});

describe('what is counted of a deployment by default', () => {
  it('is one tick a minute, one secret, one dashboard, and what the stack says of the rest', () => {
    const { alarms, ...rest } = defaultCostSettings();
    expect(rest).toEqual({
      memory: 512,
      ticksPerMonth: 43_800,
      dashboards: 1,
      secrets: 1,
      logRetentionDays: 30,
      recordsKeptDays: 14,
    });
    expect(alarms).toBeGreaterThan(5);
  });
});
