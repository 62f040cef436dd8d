/**
 * Where a search may go: for every parameter a ladder of values, closer together where they matter more. A setting stands
 * on one rung of each; its neighbours are one rung up or down on one. Pure.
 */
import { InputError } from '#core/errors.ts';
import { MINUTE_MS } from '#core/time.ts';
import type { Random } from '../simulator/random.ts';
import { keyOf, type Parameter, parametersOf, renderParameter, type Setting, sensible } from './setting.ts';

/** Values from which to which a parameter may be tuned, both included; durations in ms. */
export type SearchBounds = Readonly<Partial<Record<Parameter, { readonly from: number; readonly to: number }>>>;

/** A strategy with a ladder, rising, for each of its parameters; a buffer without one for `scaleFactor` is learned. */
export type Space = {
  readonly strategy: Setting['strategy'];
  readonly ladders: Readonly<Partial<Record<Parameter, readonly number[]>>>;
};

/** Fine at first, then each about a quarter more. */
const COUNTS = [0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 64, 80, 100, 125, 160, 200, 250, 320, 400, 500];

const RUNGS: Readonly<Record<Parameter, readonly number[]>> = {
  min: COUNTS,
  max: COUNTS,
  idleCount: COUNTS,
  scaleFactorLimit: COUNTS,
  scaleFactor: [0, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2],
  stabilisationWindow: [0, 1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  coolDown: [1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  scaleUpThreshold: [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95],
  scaleDownThreshold: [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7],
  scaleUpMultiplier: [1.1, 1.25, 1.5, 2, 3],
  scaleDownMultiplier: [0.25, 0.5, 0.75, 0.9],
};

/**
 * The spaces around a present setting: of a buffer that is learned, and of one with a factor. Unless bounds say otherwise no parameter leaves its common values, and `max` stays:
 * it is the owner's limit, and how high a burst will be no history knows. The present values are always rungs where the
 * bounds allow them. Throws `InputError` for bounds on what the strategy does not have.
 */
export function spacesAround(present: Setting, bounds: SearchBounds): readonly Space[] {
  const fixed = spaceAround(present, bounds);
  const { scaleFactor, ...learned } = fixed.ladders;
  // Who says how far the factor may go wants one.
  if (scaleFactor === undefined || bounds.scaleFactor !== undefined) return [fixed];
  return [{ ...fixed, ladders: learned }, fixed];
}

/** The space with a ladder for every parameter of the strategy. */
export function spaceAround(present: Setting, bounds: SearchBounds): Space {
  const names = parametersOf(present.strategy);
  const ladders = names.map((name): [Parameter, readonly number[]] => {
    const value = present.values[name] ?? 0;
    const { from, to } = bounds[name] ?? usualBounds(name, present, bounds);
    const rungs = [...RUNGS[name], value, from, to].filter(
      (rung) => rung >= from && rung <= to && Number.isFinite(rung),
    );
    return [name, [...new Set(rungs)].sort((a, b) => a - b)];
  });
  return { strategy: present.strategy, ladders: Object.fromEntries(ladders) };
}

/** Throws `InputError` where there are bounds on a parameter that none of the spaces has. */
export function refuseForeignBounds(bounds: SearchBounds, spaces: readonly Space[]): void {
  for (const name of Object.keys(bounds)) {
    if (spaces.some(({ ladders }) => Object.hasOwn(ladders, name))) continue;
    const strategies = [...new Set(spaces.map(({ strategy }) => strategy))].join(' and ');
    throw new InputError(`--within ${name}: ${strategies} does not have that parameter; remove it, or give --strategy`);
  }
}

function usualBounds(
  name: Parameter,
  { values }: Setting,
  bounds: SearchBounds,
): { readonly from: number; readonly to: number } {
  const value = values[name] ?? 0;
  const { min = 0, max = 1 } = values;
  switch (name) {
    case 'min':
      return { from: Math.min(1, min), to: Math.max(min, Math.ceil(max / 2)) };
    case 'max':
      return { from: max, to: max };
    case 'idleCount':
      return { from: 0, to: Math.min(max, Math.max(10, value)) };
    case 'scaleFactorLimit':
      return { from: 1, to: bounds.max?.to ?? max };
    default:
      return { from: Math.min(value, RUNGS[name][0] ?? value), to: Math.max(value, RUNGS[name].at(-1) ?? value) };
  }
}

/** All settings of a space, or undefined if there are more than so many. */
export function allOf(space: Space, atMost: number): readonly Setting[] | undefined {
  const ladders = laddersOf(space);
  // Those that make no sense are found out one by one; a space of many times as many is not worth that.
  if (ladders.reduce((product, { rungs }) => product * rungs.length, 1) > atMost * 20) return undefined;
  const values = ladders.reduce<readonly Setting['values'][]>(
    (some, { name, rungs }) => some.flatMap((one) => rungs.map((rung) => ({ ...one, [name]: rung }))),
    [{}],
  );
  const all = distinct(values.flatMap((one) => within(space, one)));
  return all.length > atMost ? undefined : all;
}

/**
 * That many settings at most, spread evenly over every ladder at once (a Latin hypercube): each parameter is tried at all
 * heights, however few the settings are.
 */
export function sampleOf(space: Space, count: number, random: Random): readonly Setting[] {
  const ladders = laddersOf(space).map(({ name, rungs }) => ({ name, rungs, order: shuffled(count, random) }));
  const values = Array.from({ length: count }, (_, index) =>
    Object.fromEntries(
      ladders.map(({ name, rungs, order }) => {
        const height = ((order[index] ?? 0) + 0.5) / count;
        return [name, rungs[Math.floor(height * rungs.length)]];
      }),
    ),
  );
  return distinct(values.flatMap((one) => within(space, one)));
}

/** Every sensible setting that is a rung away on one ladder, in the order of the parameters, down before up. */
export function neighboursOf(space: Space, setting: Setting): readonly Setting[] {
  const neighbours = laddersOf(space).flatMap(({ name, rungs }) => {
    const value = setting.values[name] ?? 0;
    // A limit that follows max may stand between the rungs.
    return [rungs.findLast((rung) => rung < value), rungs.find((rung) => rung > value)].flatMap((rung) =>
      rung === undefined ? [] : within(space, { ...setting.values, [name]: rung }),
    );
  });
  return distinct(neighbours).filter((neighbour) => keyOf(neighbour) !== keyOf(setting));
}

/** Whether a setting is within the space's bounds. */
export function isIn(space: Space, { strategy, values }: Setting): boolean {
  const isLearned = space.ladders.scaleFactor === undefined;
  return (
    strategy === space.strategy &&
    (values.scaleFactor === undefined) === isLearned &&
    laddersOf(space).every(({ name, rungs }) => {
      const { [name]: value } = values;
      return value === undefined || (value >= (rungs[0] ?? value) && value <= (rungs.at(-1) ?? value));
    })
  );
}

/** The strategy, and `min 1–5` for each parameter that may change. */
export function renderSpace(space: Space): string {
  const isWithoutFactor = space.ladders.scaleFactor?.at(-1) === 0;
  const isLearned = space.ladders.idleCount !== undefined && space.ladders.scaleFactor === undefined;
  const parameters = laddersOf(space)
    .filter(({ name, rungs }) => rungs.length > 1 && !(name === 'scaleFactorLimit' && isWithoutFactor))
    .map(({ name, rungs }) => {
      const [from = 0, to = 0] = [rungs[0], rungs.at(-1)];
      return `${name} ${renderParameter(name, from)}–${renderParameter(name, to)}`;
    })
    .join(', ');
  return `${space.strategy}${isLearned ? ' with a learned buffer' : ''}: ${parameters}`;
}

function laddersOf({
  strategy,
  ladders,
}: Space): readonly { readonly name: Parameter; readonly rungs: readonly number[] }[] {
  return parametersOf(strategy).flatMap((name) => {
    const { [name]: rungs } = ladders;
    return rungs === undefined ? [] : [{ name, rungs }];
  });
}

/** The setting, if it makes sense; a factor that comes without a limit gets the highest that there may be. */
function within(space: Space, values: Setting['values']): readonly Setting[] {
  const highest = space.ladders.scaleFactorLimit?.at(-1);
  const limited =
    highest === undefined || values.scaleFactor === undefined ? values : { scaleFactorLimit: highest, ...values };
  const setting = sensible({ strategy: space.strategy, values: limited });
  return setting !== undefined && isIn(space, setting) ? [setting] : [];
}

function distinct(settings: readonly Setting[]): readonly Setting[] {
  return [...new Map(settings.map((setting) => [keyOf(setting), setting])).values()];
}

/** The numbers below `count` in an order of chance. */
function shuffled(count: number, random: Random): readonly number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = random.between(0, last);
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  return order;
}
