/** What tests download or build for themselves is kept from one checkout to the next: in this project's part of the user's cache. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Its folder; `XDG_CACHE_HOME` says where caches are, otherwise they are in `~/.cache`. */
export function userCache(env: Readonly<Record<string, string | undefined>>): string {
  const base = env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache');
  return join(base, 'bitbucket-runner-autoscaler');
}
