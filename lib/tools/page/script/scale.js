/** From values to places in a drawing, and the values that deserve a label. */
/** @import { Instant } from '#core/model/observation.ts' */
/** @import { Scale } from './types.ts' */
import { DAY_MS, MINUTE_MS } from './format.js';

/**
 * A straight scale.
 * @param {readonly [number, number]} domain @param {readonly [number, number]} range @returns {Scale}
 */
export function linear([from, to], [start, end]) {
  const factor = to === from ? 0 : (end - start) / (to - from);
  return (value) => start + (value - from) * factor;
}

/**
 * A scale by orders of magnitude; values below the first are where that is.
 * @param {readonly [number, number]} domain @param {readonly [number, number]} range @returns {Scale}
 */
export function logarithmic(domain, range) {
  const scale = linear([Math.log(domain[0]), Math.log(domain[1])], range);
  return (value) => scale(Math.log(Math.max(domain[0], value)));
}

/**
 * Round values from `from` up to `to`, some `count` of them; whole numbers where `isWhole`.
 * @param {readonly [number, number]} ends @param {number} count @param {boolean} [isWhole]
 */
export function roundTicks([from, to], count, isWhole = false) {
  const step = roundStep((to - from) / count, isWhole);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => clean((first + index) * step));
}

/**
 * The next round value at or above one, for the end of an axis.
 * @param {number} value @param {number} count @param {boolean} [isWhole]
 */
export function roundUp(value, count, isWhole = false) {
  const step = roundStep(value / count, isWhole);
  return Math.max(step, clean(Math.ceil(value / step - 1e-9) * step));
}

/** 1, 2 or 5 times a power of ten, no less than asked for. @param {number} least @param {boolean} isWhole */
function roundStep(least, isWhole) {
  if (!(least > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10) * power;
  return isWhole ? Math.max(1, step) : step;
}

/** Takes away what binary fractions add: `0.30000000000000004` → `0.3`. @param {number} value */
function clean(value) {
  return Number(value.toPrecision(12));
}

/** 1 January 1970 was a Thursday; weeks begin four days later, on a Monday. */
const MONDAY_MS = 4 * DAY_MS;
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080, 20_160, 40_320, 80_640];

/** Longer ones are multiples of eight weeks. */
const LONGEST_STEP_MS = 56 * DAY_MS;

/**
 * Round times of the clock and the calendar (UTC), at most `most` of them, and how far apart they are.
 * @param {Instant} from @param {Instant} to @param {number} most
 */
export function timeTicks(from, to, most) {
  const steps = TIME_STEPS.map((minutes) => minutes * MINUTE_MS);
  const stepMs =
    steps.find((step) => (to - from) / step <= most) ??
    LONGEST_STEP_MS * Math.ceil((to - from) / most / LONGEST_STEP_MS);
  const first = Math.ceil((from - MONDAY_MS) / stepMs) * stepMs + MONDAY_MS;
  const count = Math.max(0, Math.floor((to - first) / stepMs) + 1);
  return { stepMs, times: Array.from({ length: count }, (_, index) => first + index * stepMs) };
}
