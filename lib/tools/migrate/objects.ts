/** What becomes of the objects around the two ConfigMaps, and of the credential. */
import type { Change } from './change.ts';
import type { CredentialKind, FoundObject } from './source-files.ts';

/** `obsolete`: a part of Atlassian's autoscaler. `needed`: the result refers to it. `unknown`: something else. */
export type ObjectFate = FoundObject & { readonly fate: 'obsolete' | 'needed' | 'unknown' };

/** What becomes of each object; `texts` are the files that were made. */
export function fatesOf(objects: readonly FoundObject[], texts: readonly string[]): readonly ObjectFate[] {
  const words = new Set(texts.flatMap((text) => text.replace(/(^|\s)#.*$/gm, '').match(/[\w.-]+/g) ?? []));
  return objects.map((object) => {
    if (words.has(object.name)) return { ...object, fate: 'needed' };
    return { ...object, fate: object.isTheirs ? 'obsolete' : 'unknown' };
  });
}

const SCOPES = 'read:runner:bitbucket, write:runner:bitbucket, read:workspace:bitbucket and read:repository:bitbucket';
const STORE = 'in a secret of AWS Secrets Manager that BITBUCKET_SECRET_ID names';

const CREDENTIALS: Readonly<Record<CredentialKind, Omit<Change, 'code'>>> = {
  appPassword: {
    what: `instead of the app password, create an API token with the scopes ${SCOPES}, and put {"kind":"apiToken","email":"…","token":"…"} ${STORE}`,
    why: 'app passwords stopped working on 28 July 2026; the value in these files was not read',
  },
  oauth: {
    what: `the OAuth consumer stays usable, as a private one with the scopes runner, runner:write, account and repository: put {"kind":"oauth","clientId":"…","clientSecret":"…"} ${STORE}`,
    why: 'no part of the autoscaler runs in the cluster, so its credential is not kept there; the value in these files was not read',
  },
  apiToken: {
    what: `the API token stays usable if it has the scopes ${SCOPES}: put {"kind":"apiToken","email":"…","token":"…"} ${STORE}`,
    why: 'no part of the autoscaler runs in the cluster, so its credential is not kept there; the value in these files was not read',
  },
};

/** What to create instead of each credential that the files name. */
export function credentialChanges(kinds: readonly CredentialKind[]): readonly Change[] {
  return kinds.map((kind) => ({ code: 'credential', ...CREDENTIALS[kind] }));
}
