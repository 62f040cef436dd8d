/** Which registrations there are, by uuid and by scope, and those that are gone and that a list may still show. */
import type { Scope } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { scopeKey } from '#core/scope.ts';
import { GONE_KEPT_MS } from './faults.ts';
import { type Gone, namedScope, type Registered } from './registrations.ts';

export class Directory {
  readonly #runners = new Map<string, Registered>();
  /** The same runners by scope, so that what concerns one scope costs nothing for the others. */
  readonly #scopes = new Map<string, Map<string, Registered>>();
  /** By scope, the last one last. */
  readonly #gone = new Map<string, Gone[]>();

  add(entry: Registered): void {
    const key = keyOf(entry.scope);
    const members = this.#scopes.get(key) ?? new Map<string, Registered>();
    this.#scopes.set(key, members.set(entry.uuid, entry));
    this.#runners.set(entry.uuid, entry);
  }

  remove(entry: Registered): void {
    this.#runners.delete(entry.uuid);
    this.#scopes.get(keyOf(entry.scope))?.delete(entry.uuid);
  }

  /** It is gone, and lists that lag show it for so long. */
  noteGone(entry: Registered, at: Instant, listLagMs: number): void {
    const recent = this.goneFrom(entry.scope).filter((gone) => gone.at > at - GONE_KEPT_MS);
    this.#gone.set(keyOf(entry.scope), [...recent, { entry, at, listLagMs }]);
  }

  get(uuid: string): Registered | undefined {
    return this.#runners.get(uuid);
  }

  /** The one of that uuid, if it is in the scope. */
  find(scope: Scope, uuid: string): Registered | undefined {
    const entry = this.#runners.get(uuid);
    return entry !== undefined && keyOf(entry.scope) === keyOf(scope) ? entry : undefined;
  }

  get all(): Iterable<Registered> {
    return this.#runners.values();
  }

  in(scope: Scope): Iterable<Registered> {
    return this.#scopes.get(keyOf(scope))?.values() ?? [];
  }

  goneFrom(scope: Scope): readonly Gone[] {
    return this.#gone.get(keyOf(scope)) ?? [];
  }

  /** All that a step of the scope may run on as far as scopes go: those of its workspace before those of its repository. */
  *inReachOf({ workspace, repository }: Scope): Iterable<Registered> {
    yield* this.#scopes.get(scopeKey({ workspace }))?.values() ?? [];
    if (repository !== undefined) yield* this.#scopes.get(scopeKey({ workspace, repository }))?.values() ?? [];
  }
}

function keyOf(scope: Scope): string {
  return scopeKey(namedScope(scope));
}
