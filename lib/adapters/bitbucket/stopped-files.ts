/**
 * Commits whose file was broken off while it was read. For some time it is not read again; after several of them none of
 * the repository is, since each costs seconds and who writes one may write many. The state store has them too, since a
 * function forgets.
 */
import * as z from 'zod';
import type { Instant } from '#core/model/observation.ts';
import type { StateStore } from '#core/ports.ts';
import { HOUR_MS, MINUTE_MS } from '#core/time.ts';

/** What keeps a file from being read: the stop of its own commit, or those of several others, the last one first. */
export type Stop = { readonly until: Instant; readonly commits: readonly string[] };

export type StoppedFiles = {
  /** What keeps the file of this repository, by its key, from being read now. */
  readonly find: (repository: string, commit: string) => Promise<Stop | undefined>;
  readonly add: (repository: string, commit: string) => Promise<void>;
};

/** A slow machine may be at fault, so it is tried again. */
const KEPT_MS = HOUR_MS;

/** So many within `BLOCK_MS` keep the whole repository from being read. */
const MOST_STOPS = 3;
const BLOCK_MS = 10 * MINUTE_MS;

/** More than a tick looks at. */
const MOST_KEPT = 100;

/** The document in the state store. */
export const STOPPED_FILES_KEY = 'stopped-files';

/** By `stopKey`. */
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
    // Who has saved meanwhile knows of other commits; this one is remembered here.
    if (mayKeep()) await (await openState()).save([{ key: STOPPED_FILES_KEY, expectedVersion: version, value }], now());
  };
  return {
    find: async (repository, commit) => {
      const known = Object.entries(latest(await stops(), now()));
      const own = known.find(([key]) => key === stopKey(repository, commit));
      if (own !== undefined) return { until: own[1].until, commits: [commit] };
      const others = known.filter(([key, stop]) => key === stopKey(repository, stop.commit)).map(([, stop]) => stop);
      return blockOf(others.slice(0, MOST_STOPS), now());
    },
    add: async (repository, commit) => {
      const all = latest(
        { ...(await stops()), [stopKey(repository, commit)]: { commit, until: now() + KEPT_MS } },
        now(),
      );
      known = Promise.resolve(all);
      await save(all).catch(() => undefined);
    },
  };
}

function stopKey(repository: string, commit: string): string {
  return `${repository}@${commit}`;
}

/** The last stops of a repository, if they are many and the first of them is not long ago. */
function blockOf(last: Stops[string][], now: Instant): Stop | undefined {
  const first = last[MOST_STOPS - 1];
  if (first === undefined) return undefined;
  const until = first.until - KEPT_MS + BLOCK_MS;
  return until > now ? { until, commits: last.map(({ commit }) => commit) } : undefined;
}

/** Those that hold, the last one first. */
function latest(stops: Stops, now: Instant): Stops {
  const present = Object.entries(stops).filter(([, { until }]) => until > now);
  return Object.fromEntries(present.sort(([, a], [, b]) => b.until - a.until).slice(0, MOST_KEPT));
}
