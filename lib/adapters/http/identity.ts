/** The credentials that requests are sent with: fetched once, shared by all requests, and fetched again when refused. */
import type { Instant } from '#core/model/observation.ts';
import type { Exchange } from './exchange.ts';

export type Identity<Who> = {
  /** For the next request. Rejects when there is none to be had, with a TimeoutError when that takes too long. */
  readonly current: () => Promise<Who>;
  /**
   * Whether the exchange says that `used` no longer holds, and `current` may give another. It is then forgotten: of many
   * requests that were refused together, the first forgets for all.
   */
  readonly renew: (used: Who, exchange: Exchange) => boolean;
};

/** One that never changes. */
export function fixedIdentity<Who>(who: Who): Identity<Who> {
  return { current: async () => who, renew: () => false };
}

/** One that `ask` gives. Requests that need it at the same time share one; a failure is not remembered. */
export function renewableIdentity<Who>(options: {
  /** The identity, and until when it is kept; `until` in the past: it is asked for again by the next request. */
  readonly ask: () => Promise<{ readonly who: Who; readonly until: Instant }>;
  readonly isRefusal: (exchange: Exchange) => boolean;
  readonly now: () => Instant;
  /** Called when a refused identity is forgotten: what it was made from may be outdated too. */
  readonly onForget?: () => void;
  readonly isSame?: (one: Who, other: Who) => boolean;
}): Identity<Who> {
  const { ask, isRefusal, now, onForget = () => {}, isSame = Object.is } = options;
  let latest: { readonly who: Who; readonly until: Instant } | undefined;
  let underway: Promise<Who> | undefined;

  async function askShared(): Promise<Who> {
    try {
      // Asking begins after this function has returned, so that even one which fails at once is underway before it ends.
      await Promise.resolve();
      latest = await ask();
      return latest.who;
    } finally {
      underway = undefined;
    }
  }

  return {
    current: async () => {
      if (latest !== undefined && now() < latest.until) return latest.who;
      underway ??= askShared();
      return underway;
    },
    renew: (used, exchange) => {
      if (!isRefusal(exchange)) return false;
      if (latest !== undefined && isSame(latest.who, used)) {
        latest = undefined;
        onForget();
      }
      return true;
    },
  };
}
