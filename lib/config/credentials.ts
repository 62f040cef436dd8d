/**
 * The credential with which Bitbucket is called: its four shapes, and where it comes from.
 */
import type { Secret } from '../secret.ts';

/** One of the four ways in which Bitbucket lets a program in. Only the secret part is hidden; the rest may be shown. */
export type Credential =
  | { readonly kind: 'apiToken'; readonly email: string; readonly token: Secret }
  | { readonly kind: 'oauth'; readonly clientId: string; readonly clientSecret: Secret }
  | { readonly kind: 'accessToken'; readonly token: Secret }
  | { readonly kind: 'appPassword'; readonly username: string; readonly password: Secret };
