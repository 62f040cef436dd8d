/**
 * Whether Bitbucket accepts a credential is found out with one call. Until one has gone well, the others of a tick wait for
 * the first; a refusal answers all of them, so that a wrong token costs one call, and not one for every repository.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { CredentialError } from '#core/errors.ts';

/** A first call that takes longer does not hold the others up. */
const PATIENCE_MS = 3_000;

/** The gate that all calls with one credential go through. */
export type Gate = {
  /** Makes the call, or throws what the first one was refused with. */
  readonly pass: <T>(call: () => Promise<T>) => Promise<T>;
  /** A new tick begins: what was refused may be asked again. */
  readonly reopen: () => void;
};

/** A gate for a credential of which nothing is known yet. `wait`: for tests, which do not. */
export function createGate(
  wait: (ms: number) => Promise<unknown> = (ms) => pause(ms, undefined, { ref: false }),
): Gate {
  let isProven = false;
  let refusal: CredentialError | undefined;
  let first: Promise<unknown> | undefined;

  async function make<T>(call: () => Promise<T>): Promise<T> {
    try {
      const answer = await call();
      isProven = true;
      return answer;
    } catch (error) {
      if (error instanceof CredentialError) {
        isProven = false;
        refusal = error;
      }
      throw error;
    }
  }

  return {
    pass: async (call) => {
      if (!isProven && first !== undefined) await Promise.race([first.catch(() => undefined), wait(PATIENCE_MS)]);
      if (refusal !== undefined) throw refusal;
      const made = make(call);
      first ??= made;
      return made;
    },
    reopen: () => {
      refusal = undefined;
      if (!isProven) first = undefined;
    },
  };
}
