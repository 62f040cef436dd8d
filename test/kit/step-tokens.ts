/** Tokens as Bitbucket gives them to steps, and the keys that they are verified with. */
import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWTPayload, SignJWT } from 'jose';
import { issuerOf } from '#adapters/oidc/token.ts';
import type { Instant } from '#core/model/observation.ts';

/** What a token says besides what every token of the workspace says. */
export type Claims = JWTPayload & {
  readonly stepUuid: string;
  readonly repositoryUuid: string;
  readonly workspaceUuid: string;
};

/** An issuer for a workspace of the Bitbucket at `bitbucketUrl`, with a key of its own. */
export async function openIssuer(workspace: string, bitbucketUrl?: string) {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const issuer = issuerOf(workspace, bitbucketUrl);
  const keys: JSONWebKeySet = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }] };
  return {
    issuer,
    keys,
    /** A token of an hour, valid from `at` on. */
    token: (claims: Claims, at: Instant) => {
      const seconds = Math.floor(at / 1000);
      const aud = `ari:cloud:bitbucket::workspace/${claims.workspaceUuid}`;
      const payload = { iss: issuer, aud, nbf: seconds, exp: seconds + 3600, ...claims };
      return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'k1' }).sign(privateKey);
    },
  };
}
