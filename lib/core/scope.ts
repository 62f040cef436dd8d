import type { RunnerGroup, Scope } from './model/configuration.ts';
import type { ScopeIdentity } from './model/observation.ts';
import type { Namespace } from './ports.ts';

/** `workspace` or `workspace/repository`: the key under which a scope is listed, remembered and named in messages. */
export function scopeKey(scope: Scope): string {
  return scope.repository === undefined ? scope.workspace : `${scope.workspace}/${scope.repository}`;
}

/** One text for the uuids of a scope. */
// Stryker disable next-line StringLiteral: whatever is no uuid.
export function identityKey({ workspaceUuid, repositoryUuid = '' }: ScopeIdentity): string {
  return `${workspaceUuid} ${repositoryUuid}`;
}

/** One text for runners that can stand in for each other: those with the same labels in the same scope. */
export function labelSetKey({ scope, labels }: Pick<RunnerGroup, 'scope' | 'labels'>): string {
  return `${scopeKey(scope)} ${labels.join(' ')}`;
}

/** The key of a namespace of a cluster. */
export function namespaceKey({ cluster, namespace }: Namespace): string {
  return `${cluster}/${namespace}`;
}
