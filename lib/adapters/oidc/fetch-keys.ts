/** The public keys of an issuer, from where OpenID Connect says that they are at Bitbucket. */
import type { JSONWebKeySet } from 'jose';
import * as z from 'zod';
import { jsonIn } from '#yaml/values.ts';
import { jsonRequest, send, silenceOf } from '../http/exchange.ts';
import { KeysUnavailableError } from './keys.ts';

const TIMEOUT_MS = 5_000;

const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/** Its key set as it is now; one try. Throws `KeysUnavailableError`. */
export async function fetchKeys(issuer: string): Promise<JSONWebKeySet> {
  const url = `${issuer}/keys.json`;
  const exchange = await send(
    jsonRequest({ method: 'GET', url, headers: {} }, undefined),
    AbortSignal.timeout(TIMEOUT_MS),
  );
  if (exchange.kind !== 'answer') throw new KeysUnavailableError(`no keys from ${url} (${silenceOf(exchange)})`);
  const keys = exchange.status === 200 ? KeySet.safeParse(jsonIn(exchange.text)).data : undefined;
  if (keys === undefined) throw new KeysUnavailableError(`no keys from ${url} (it answers ${exchange.status})`);
  return keys;
}
