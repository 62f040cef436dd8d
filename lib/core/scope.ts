import type { Scope } from './model/configuration.ts';

/** `workspace` or `workspace/repository`: the key under which a scope is listed, remembered and named in messages. */
export function scopeKey(scope: Scope): string {
  return scope.repository === undefined ? scope.workspace : `${scope.workspace}/${scope.repository}`;
}
