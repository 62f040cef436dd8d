/**
 * The rules of four time zones for 2020 to 2030, written down and computed by hand-made arithmetic, so that what the
 * program says can be held against something that does not come from the same data.
 */

/** A moment at which the clocks of a zone are put forward or back, and how far they are ahead of UTC from then on. */
export type RuleChange = { readonly at: number; readonly offsetMs: number };

/** A zone: the offset at the beginning of 2020, and what changes it. */
export type ZoneRules = { readonly zone: string; readonly initialMs: number; readonly changes: readonly RuleChange[] };

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEARS = Array.from({ length: 11 }, (_, index) => 2020 + index);

/** Days from the epoch to the first of a month (1 = January) in the Gregorian calendar, between 1970 and 2099. */
export function daysTo(year: number, month: number): number {
  const lengths = [31, year % 4 === 0 ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  const leapDays = Math.floor((year - 1969) / 4);
  return (year - 1970) * 365 + leapDays + lengths.slice(0, month - 1).reduce((sum, length) => sum + length, 0);
}

/** The n-th Sunday of a month as days from the epoch. The epoch was a Thursday, so the fourth day was a Sunday. */
function sunday(nth: number, year: number, month: number): number {
  const first = daysTo(year, month);
  return first + ((((3 - first) % 7) + 7) % 7) + 7 * (nth - 1);
}

function lastSunday(year: number, month: number): number {
  const next = month === 12 ? daysTo(year + 1, 1) : daysTo(year, month + 1);
  return next - 1 - ((((next - 1 - 3) % 7) + 7) % 7);
}

/** The European Union: the last Sundays of March and October, at 01:00 UTC. */
const berlin: ZoneRules = {
  zone: 'Europe/Berlin',
  initialMs: HOUR,
  changes: YEARS.flatMap((year) => [
    { at: lastSunday(year, 3) * DAY + HOUR, offsetMs: 2 * HOUR },
    { at: lastSunday(year, 10) * DAY + HOUR, offsetMs: HOUR },
  ]),
};

/** The United States: the second Sunday of March and the first of November, at 02:00 on the clock that ends. */
const newYork: ZoneRules = {
  zone: 'America/New_York',
  initialMs: -5 * HOUR,
  changes: YEARS.flatMap((year) => [
    { at: sunday(2, year, 3) * DAY + 2 * HOUR + 5 * HOUR, offsetMs: -4 * HOUR },
    { at: sunday(1, year, 11) * DAY + 2 * HOUR + 4 * HOUR, offsetMs: -5 * HOUR },
  ]),
};

/** Lord Howe Island: the first Sundays of April and October, at 02:00 on the clock that ends, by half an hour. */
const lordHowe: ZoneRules = {
  zone: 'Australia/Lord_Howe',
  initialMs: 11 * HOUR,
  changes: YEARS.flatMap((year) => [
    { at: sunday(1, year, 4) * DAY + 2 * HOUR - 11 * HOUR, offsetMs: 10.5 * HOUR },
    { at: sunday(1, year, 10) * DAY + 2 * HOUR - 10.5 * HOUR, offsetMs: 11 * HOUR },
  ]),
};

/** India has had one time since 1945. */
const kolkata: ZoneRules = { zone: 'Asia/Kolkata', initialMs: 5.5 * HOUR, changes: [] };

export const ZONE_RULES: readonly ZoneRules[] = [berlin, newYork, lordHowe, kolkata];

/** How far the zone is ahead of UTC, by the rules above. */
export function offsetByRules({ initialMs, changes }: ZoneRules, at: number): number {
  return changes.findLast((change) => change.at <= at)?.offsetMs ?? initialMs;
}
