/** One case of the fuzzer: a target, a hostile input, and what must hold for it. */
import { InputError, ServiceError } from '#core/errors.ts';
import { grown, hostile, SIZES } from './inputs.ts';
import { TARGETS, type Target } from './targets.ts';

export const TARGET_NAMES = Object.keys(TARGETS);

/** What the case with this number is about; the same in every run. */
export function caseAt(number: number) {
  const name = TARGET_NAMES[number % TARGET_NAMES.length] ?? '';
  const target = TARGETS[name] as Target;
  const size = SIZES[Math.floor(number / TARGET_NAMES.length) % SIZES.length] ?? SIZES[0];
  const { before = '', entry, after = '' } = target.plain;
  const count = Math.max(1, Math.floor((size - before.length - after.length) / entry.length));
  const plain = before + entry.repeat(count) + after;
  return { name, target, size, plain, input: hostile(grown(plain, Math.max(plain.length, 1)), number, size, entry) };
}

/** What a function has. */
const MOST_RSS_MB = 512;

/** More memory than a function has; undefined while it never was so much. It never gets less. */
export function excessMemory(kilobytes = process.resourceUsage().maxRSS): string | undefined {
  const megabytes = Math.ceil(kilobytes / 1024);
  return megabytes <= MOST_RSS_MB ? undefined : `the process took ${megabytes} MB, of ${MOST_RSS_MB}`;
}

/** Less time than this says nothing. */
const LEAST_MS = 20;
const MOST_TIMES = 20;

/** What thousands of very small entries may take for each thousand characters: it grows with them, and no faster. */
const MS_PER_THOUSAND = 50;

/** What does not hold for a case; undefined when all does. Time is that of the processor, and counts when it is too long three times. */
export async function faultOf(number: number): Promise<string | undefined> {
  const { name, target, size, plain, input } = caseAt(number);
  const crash = await crashOf(target, input);
  if (crash !== undefined) return `case ${number} (${name}, ${size} characters): ${crash}`;
  for (let tries = 0; tries < 3; tries += 1) {
    const [hostileMs, plainMs] = [await timeOf(target, input), await timeOf(target, plain)];
    const mostMs = Math.max(MOST_TIMES * Math.max(plainMs, LEAST_MS), (MS_PER_THOUSAND * size) / 1000);
    if (hostileMs <= mostMs) return undefined;
    if (tries === 2) return `case ${number} (${name}, ${size} characters): ${hostileMs} ms, a plain one ${plainMs} ms`;
  }
  return undefined;
}

async function crashOf({ read }: Target, input: string): Promise<string | undefined> {
  try {
    await read(input);
    return undefined;
  } catch (error) {
    if (error instanceof InputError || error instanceof ServiceError) return undefined;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

async function timeOf(target: Target, input: string): Promise<number> {
  const before = process.cpuUsage();
  await crashOf(target, input);
  const { user, system } = process.cpuUsage(before);
  return Math.round((user + system) / 1000);
}
