/**
 * The public keys of token issuers. They are kept, and fetched anew when they are old or a token names one that is not
 * among them: at most once in a while, so that forged tokens cost next to nothing.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Instant } from '#core/model/observation.ts';
import { DAY_MS, HOUR_MS } from '#core/time.ts';

/** Nobody can tell now whether a token is genuine. `isTooSoon`: its key was not there a moment ago. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
  readonly isTooSoon: boolean;

  constructor(message: string, isTooSoon = false) {
    super(message);
    this.isTooSoon = isTooSoon;
  }
}

/** After this long they are fetched anew. */
const FRESH_MS = HOUR_MS;

/** While they cannot be fetched, those that are known hold for so long. */
const KEPT_MS = DAY_MS;

/** Between two fetches, whatever comes in between. */
const BETWEEN_FETCHES_MS = 30_000;

const OUT_OF_REACH = 'the keys of Bitbucket cannot be fetched now; ask again in 30 seconds';
const TOO_SOON = 'the key of the token was not among those of Bitbucket a moment ago; ask again in 30 seconds';

/** What is known of one issuer. */
type Known = { keys?: JWTVerifyGetKey; fetchedAt: Instant; askedAt: Instant; fetching?: Promise<void> };

/** Finds keys by issuer. `fetchKeys` gives an issuer's key set as it is now, or rejects. */
export function createKeyring(
  fetchKeys: (issuer: string) => Promise<JSONWebKeySet>,
  now: () => Instant,
): (issuer: string) => JWTVerifyGetKey {
  const issuers = new Map<string, Known>();

  async function refresh(issuer: string, known: Known): Promise<void> {
    if (now() - known.askedAt >= BETWEEN_FETCHES_MS) {
      const askedAt = now();
      known.askedAt = askedAt;
      known.fetching = fetchKeys(issuer)
        .then(
          (keys) => {
            known.keys = createLocalJWKSet(keys);
            // They may be those of that moment: a key that has come since is in the next ones.
            known.fetchedAt = askedAt;
          },
          // Those that are known hold on.
        )
        .catch(() => undefined);
    }
    // Whoever comes while they are being fetched waits for the same answer.
    await known.fetching;
  }

  return (issuer) => async (header, token) => {
    const known = issuers.get(issuer) ?? { fetchedAt: -Infinity, askedAt: -Infinity };
    issuers.set(issuer, known);
    const asked = now();
    if (asked - known.fetchedAt >= FRESH_MS) await refresh(issuer, known);
    try {
      return await keysIn(known, now())(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await refresh(issuer, known);
      expectNewsSince(known, asked);
      return keysIn(known, now())(header, token);
    }
  };
}

function keysIn({ keys, fetchedAt }: Known, at: Instant): JWTVerifyGetKey {
  if (keys === undefined || at - fetchedAt >= KEPT_MS) throw new KeysUnavailableError(OUT_OF_REACH);
  return keys;
}

/** Only keys that came after a token was shown can tell that its key is none. */
function expectNewsSince({ fetchedAt, askedAt }: Known, shownAt: Instant): void {
  if (fetchedAt >= shownAt) return;
  throw fetchedAt >= askedAt ? new KeysUnavailableError(TOO_SOON, true) : new KeysUnavailableError(OUT_OF_REACH);
}
