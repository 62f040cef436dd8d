/**
 * Repositories with a file whose reading was broken off. For some time none of their files is read: each costs seconds, and
 * who writes one may write many. The state store has them too, since a function forgets.
 */
import * as z from 'zod';
import type { Instant } from '#core/model/observation.ts';
import type { StateStore } from '#core/ports.ts';

/** Where reading was broken off. */
export type Stop = { readonly commit: string; readonly until: Instant };

export type StoppedFiles = {
  /** What keeps the files of this repository, by its key, from being read now. */
  readonly find: (repository: string) => Promise<Stop | undefined>;
  readonly add: (repository: string, commit: string) => Promise<void>;
};

/** A slow machine may be at fault, so it is tried again. */
const KEPT_MS = 10 * 60_000;

/** More than a tick looks at. */
const MOST_KEPT = 100;

/** The document in the state store. */
export const STOPPED_FILES_KEY = 'stopped-files';

const Stops = z.record(z.string(), z.object({ commit: z.string(), until: z.number() }));
type Stops = z.output<typeof Stops>;

/** What `rememberStopped` works with; `mayKeep` tells whether the state store may be written now. */
type Place = {
  readonly openState: () => Promise<StateStore>;
  readonly now: () => Instant;
  readonly mayKeep: () => boolean;
};

/** Remembers in this process and, where it can, in the state store. Never rejects. */
export function rememberStopped({ openState, now, mayKeep }: Place): StoppedFiles {
  let known: Promise<Stops> | undefined;
  const load = async () => {
    const document = (await (await openState()).load([STOPPED_FILES_KEY])).get(STOPPED_FILES_KEY);
    return { version: document?.version ?? 0, stops: Stops.safeParse(document?.value).data ?? {} };
  };
  const stops = (): Promise<Stops> => {
    known ??= load().then(
      (loaded) => loaded.stops,
      () => ({}),
    );
    return known;
  };
  const save = async (all: Stops): Promise<void> => {
    const { version, stops: stored } = await load();
    const value = latest({ ...stored, ...all }, now());
    known = Promise.resolve(value);
    // Who has saved meanwhile knows of other repositories; this one is remembered here.
    if (mayKeep()) await (await openState()).save([{ key: STOPPED_FILES_KEY, expectedVersion: version, value }], now());
  };
  return {
    find: async (repository) => {
      const all = await stops();
      const stop = Object.hasOwn(all, repository) ? all[repository] : undefined;
      return stop !== undefined && stop.until > now() ? stop : undefined;
    },
    add: async (repository, commit) => {
      const all = latest({ ...(await stops()), [repository]: { commit, until: now() + KEPT_MS } }, now());
      known = Promise.resolve(all);
      await save(all).catch(() => undefined);
    },
  };
}

function latest(stops: Stops, now: Instant): Stops {
  const present = Object.entries(stops).filter(([, { until }]) => until > now);
  return Object.fromEntries(present.sort(([, a], [, b]) => b.until - a.until).slice(0, MOST_KEPT));
}
