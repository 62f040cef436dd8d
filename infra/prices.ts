/**
 * What AWS charges: us-east-1, US dollars, arm64, without free allowances; as of November 2026. Other regions cost up to a
 * quarter more. Most were read on pages of 2024–2026 that repeat AWS's price lists, none on the lists themselves: the
 * addresses are where to check them.
 */

const MILLION = 1_000_000;

/** Dollars per unit. */
export const PRICES = {
  // aws.amazon.com/lambda/pricing; the first 7.5 billion GB-seconds. Init is billed like the rest since August 2025.
  lambdaRequest: 0.2 / MILLION,
  lambdaGigabyteSecond: 0.000_013_333_4,
  // aws.amazon.com/dynamodb/pricing/on-demand; since November 2024.
  writeUnit: 0.625 / MILLION,
  readUnit: 0.125 / MILLION,
  tableGigabyteMonth: 0.25,
  recoveryGigabyteMonth: 0.2,
  // aws.amazon.com/cloudwatch/pricing; the first 10,000 metrics, alarms of standard resolution.
  metricMonth: 0.3,
  alarmMonth: 0.1,
  dashboardMonth: 3,
  logGigabyte: 0.5,
  logGigabyteMonth: 0.03,
  // aws.amazon.com/secrets-manager/pricing
  secretMonth: 0.4,
  secretRead: 0.05 / 10_000,
  // aws.amazon.com/s3/pricing, Standard; a "not modified" is a read as well.
  objectRead: 0.4 / MILLION,
  // aws.amazon.com/kms/pricing; the key itself is AWS's own and free.
  keyUse: 0.03 / 10_000,
} as const;

/** What every account has each month without charge, for all that runs in it. */
export const FREE = {
  lambdaRequests: MILLION,
  lambdaGigabyteSeconds: 400_000,
  tableGigabytes: 25,
  metrics: 10,
  alarms: 10,
  dashboards: 3,
  logGigabytes: 5,
  keyUses: 20_000,
} as const;

/** Megabytes of memory at which a function has one processor; with less it has that part of one. AWS's number. */
export const MEGABYTES_PER_PROCESSOR = 1_769;
