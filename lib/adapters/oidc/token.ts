/** The token by which a step of a pipeline says who it is: verified, or refused with a sentence that never shows it. */
import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import * as z from 'zod';
import type { Instant } from '#core/model/observation.ts';
import { KeysUnavailableError } from './keys.ts';

/** What a genuine token says. Uuids are in braces. */
export type StepIdentity = {
  readonly step: string;
  readonly repositoryUuid: string;
  readonly workspaceUuid: string;
  /** When the token runs out. */
  readonly expiresAt: Instant;
};

/** A token that is not genuine, or not for us. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
}

/** What a token has to meet. */
export type TokenRules = {
  /** The workspaces whose steps may ask at all, as their issuers. */
  readonly issuers: readonly string[];
  /** It names one of these at least. */
  readonly audiences: readonly string[];
  readonly keysOf: (issuer: string) => JWTVerifyGetKey;
};

/** Bitbucket's issuer for the steps of a workspace. */
export function issuerOf(workspace: string, base = 'https://api.bitbucket.org'): string {
  return `${base}/2.0/workspaces/${encodeURIComponent(workspace)}/pipelines-config/identity/oidc`;
}

/** With a key pair each: whoever has the public keys can sign nothing. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** Bitbucket's have some 1,500 characters. */
const LONGEST = 16_384;

/** By how much two clocks may differ, in seconds. */
const TOLERANCE_S = 30;

const claims = z.object({
  stepUuid: z.string().min(1).max(100),
  repositoryUuid: z.string().min(1).max(100),
  workspaceUuid: z.string().min(1).max(100),
  exp: z.number(),
});

/** Who sent the token. Rejects with `TokenRefusedError`, or `KeysUnavailableError` when nobody can tell. */
export async function verifyToken(token: string, rules: TokenRules, now: Instant): Promise<StepIdentity> {
  if (token.length > LONGEST) throw new TokenRefusedError('the token is longer than any of Bitbucket');
  try {
    // Only which keys to look at: it is verified with everything else.
    const { iss = '' } = decodeJwt(token);
    if (!rules.issuers.includes(iss)) {
      throw new TokenRefusedError('the token is of no workspace that may wake a group here');
    }
    const { payload } = await jwtVerify(token, rules.keysOf(iss), {
      issuer: iss,
      audience: [...rules.audiences],
      algorithms: ALGORITHMS,
      clockTolerance: TOLERANCE_S,
      currentDate: new Date(now),
      requiredClaims: ['exp'],
    });
    return identityIn(payload);
  } catch (error) {
    if (error instanceof KeysUnavailableError || error instanceof TokenRefusedError) throw error;
    // What jose says may carry claims.
    throw new TokenRefusedError(sentenceFor(error));
  }
}

function identityIn(payload: JWTPayload): StepIdentity {
  const { success, data } = claims.safeParse(payload);
  if (!success) throw new TokenRefusedError('the token names no step, repository and workspace');
  const { stepUuid: step, repositoryUuid, workspaceUuid, exp } = data;
  return {
    step: braced(step),
    repositoryUuid: braced(repositoryUuid),
    workspaceUuid: braced(workspaceUuid),
    expiresAt: exp * 1000,
  };
}

/** `{uuid}`, however it was written. */
function braced(uuid: string): string {
  return `{${uuid.replace(/^\{|\}$/g, '').toLowerCase()}}`;
}

function sentenceFor(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has run out; a step gets a new one when it begins';
  if (error instanceof errors.JWTClaimValidationFailed)
    return CLAIMS[error.claim] ?? 'the token lacks what it has to say';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'the token is not signed with a private key';
  return 'the token is none that Bitbucket signed';
}

const CLAIMS: Readonly<Record<string, string>> = {
  aud: 'the token is for another audience',
  nbf: 'the token is not valid yet',
};
