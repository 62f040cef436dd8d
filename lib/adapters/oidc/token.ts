/** The token by which a step of a pipeline says who it is: verified, or refused with a sentence that never shows it. */
import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import * as z from 'zod';
import type { Instant } from '#core/model/observation.ts';
import { bareUuid, bracedUuid } from '#core/uuid.ts';
import { KeysUnavailableError } from './keys.ts';

/** What a genuine token says. Uuids are in braces. */
export type StepIdentity = {
  readonly step: string;
  readonly repositoryUuid: string;
  readonly workspaceUuid: string;
  readonly pipeline?: string | undefined;
  /** When the token was issued, if it says so. */
  readonly issuedAt?: Instant | undefined;
  /** When nobody takes the token any more, whose clock may be behind. */
  readonly expiresAt: Instant;
};

/** A token that is not genuine (`isForged`), or not for us. */
export class TokenRefusedError extends Error {
  override readonly name = 'TokenRefusedError';
  readonly isForged: boolean;

  constructor(message: string, isForged = false) {
    super(message);
    this.isForged = isForged;
  }
}

/** What a token has to meet. */
type TokenRules = {
  /** The workspaces whose steps may ask at all, as their issuers. */
  readonly issuers: readonly string[];
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

const SEND = '; send $BITBUCKET_STEP_OIDC_TOKEN of a step';

const claims = z.object({
  stepUuid: z.string().min(1).max(100),
  repositoryUuid: z.string().min(1).max(100),
  workspaceUuid: z.string().min(1).max(100),
  pipelineUuid: z.string().max(100).optional(),
  exp: z.number(),
  iat: z.number().optional().catch(undefined),
});

/** What Bitbucket's tokens are for unless the step says otherwise: their own workspace. */
function audiencesOf({ workspaceUuid }: JWTPayload): string[] {
  const uuid = typeof workspaceUuid === 'string' ? workspaceUuid : '';
  return [uuid, bracedUuid(uuid), bareUuid(uuid)].map((form) => `ari:cloud:bitbucket::workspace/${form}`);
}

/** Who sent the token. Rejects with `TokenRefusedError`, or `KeysUnavailableError` when nobody can tell. */
export async function verifyToken(token: string, rules: TokenRules, now: Instant): Promise<StepIdentity> {
  if (token.length > LONGEST) throw new TokenRefusedError('the token is longer than any of Bitbucket', true);
  try {
    // Only which keys to look at: it is verified with everything else.
    const claimed = decodeJwt(token);
    const { iss = '' } = claimed;
    if (!rules.issuers.includes(iss)) {
      throw new TokenRefusedError(
        'the token is of no workspace that may wake a group here; wake.from of a group has to name the repository, with the slug of its workspace',
        true,
      );
    }
    const { payload } = await jwtVerify(token, rules.keysOf(iss), {
      issuer: iss,
      audience: audiencesOf(claimed),
      algorithms: ALGORITHMS,
      clockTolerance: TOLERANCE_S,
      currentDate: new Date(now),
      requiredClaims: ['exp'],
    });
    return identityIn(payload);
  } catch (error) {
    if (error instanceof KeysUnavailableError || error instanceof TokenRefusedError) throw error;
    // What jose says may carry claims.
    throw refusalFor(error);
  }
}

function identityIn(payload: JWTPayload): StepIdentity {
  const { success, data } = claims.safeParse(payload);
  if (!success) throw new TokenRefusedError(`the token names no step, repository and workspace${SEND}`);
  const { stepUuid: step, repositoryUuid, workspaceUuid, pipelineUuid, exp, iat } = data;
  return {
    step: braced(step),
    repositoryUuid: braced(repositoryUuid),
    workspaceUuid: braced(workspaceUuid),
    ...(pipelineUuid && { pipeline: braced(pipelineUuid) }),
    ...(iat !== undefined && { issuedAt: iat * 1000 }),
    expiresAt: (exp + TOLERANCE_S) * 1000,
  };
}

/** However it was written. */
function braced(uuid: string): string {
  return bracedUuid(uuid.toLowerCase());
}

function refusalFor(error: unknown): TokenRefusedError {
  if (error instanceof errors.JWTExpired) {
    return new TokenRefusedError('the token has run out; a step gets a new one when it begins');
  }
  if (error instanceof errors.JWTClaimValidationFailed) {
    return new TokenRefusedError(CLAIMS[error.claim] ?? `the token lacks what it has to say${SEND}`);
  }
  const isUnsigned = error instanceof errors.JOSEAlgNotAllowed;
  return new TokenRefusedError(
    isUnsigned ? `the token is not signed with a private key${SEND}` : `the token is none that Bitbucket signed${SEND}`,
    true,
  );
}

const CLAIMS: Readonly<Record<string, string>> = {
  aud: 'the token is for another audience; leave out "audiences" of the step that wakes',
  nbf: 'the token is not valid yet; run the step again',
};
