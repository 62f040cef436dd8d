/**
 * What the in-process and the file store keep, and the conditions under which it changes: pure functions over plain
 * data, so that both stores hold to the same rules. DynamoDB states the same conditions in its own language.
 */
import type { Instant } from '#core/model/observation.ts';
import type { LeaseAnswer, MemoryChange, MemoryDocument, StateStore, UnsavedDocument } from '#core/ports.ts';
import { MEMORY_KEPT_MS } from './retention.ts';

export type Lease = { readonly holder: string; readonly until: Instant };

/** A document and when it may be forgotten. */
export type StoredDocument = MemoryDocument & { readonly expiresAt: Instant };

/** Leases by name, documents by key. The functions below change it in place. */
export type Contents = {
  readonly leases: Map<string, Lease>;
  readonly documents: Map<string, StoredDocument>;
};

export function emptyContents(): Contents {
  return { leases: new Map(), documents: new Map() };
}

export function takeLease(contents: Contents, request: Parameters<StateStore['acquireLease']>[0]): LeaseAnswer {
  const { name, holder, now, ttlMs } = request;
  const lease = contents.leases.get(name);
  if (lease !== undefined && lease.until > now && lease.holder !== holder) {
    return { acquired: false, holder: lease.holder, until: lease.until };
  }
  contents.leases.set(name, { holder, until: now + ttlMs });
  return { acquired: true };
}

export function dropLease(contents: Contents, { name, holder }: Parameters<StateStore['releaseLease']>[0]): void {
  if (contents.leases.get(name)?.holder === holder) contents.leases.delete(name);
}

export function loadDocuments(contents: Contents, keys: readonly string[]): ReadonlyMap<string, MemoryDocument> {
  const found = new Map<string, MemoryDocument>();
  for (const key of keys) {
    const document = contents.documents.get(key);
    // A copy: what a caller does to its document must not change the stored one.
    if (document !== undefined) found.set(key, { version: document.version, value: structuredClone(document.value) });
  }
  return found;
}

/** Saves what is unchanged since it was read and gives the rest; forgets what nobody touched for long. */
export function saveDocuments(
  contents: Contents,
  changes: readonly MemoryChange[],
  now: Instant,
): readonly UnsavedDocument[] {
  for (const [key, document] of contents.documents) {
    if (document.expiresAt <= now) contents.documents.delete(key);
  }
  const conflicts: UnsavedDocument[] = [];
  for (const { key, expectedVersion, value } of changes) {
    if ((contents.documents.get(key)?.version ?? 0) !== expectedVersion) {
      conflicts.push({ key });
      continue;
    }
    const version = expectedVersion + 1;
    // Through JSON, as any store keeps it: what does not survive that must not seem to.
    contents.documents.set(key, {
      version,
      value: JSON.parse(JSON.stringify(value)),
      expiresAt: now + MEMORY_KEPT_MS,
    });
  }
  return conflicts;
}
