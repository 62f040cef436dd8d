/** What the API server noted of who did what: the proof of what was asked, and of what never was. */
import { readFileSync } from 'node:fs';

/** A request, once answered. */
export type AuditEvent = {
  readonly auditID: string;
  readonly verb: string;
  readonly user: { readonly username: string; readonly groups?: readonly string[] };
  readonly requestURI: string;
  readonly objectRef?: {
    readonly resource: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly subresource?: string;
  };
  readonly responseStatus?: { readonly code: number };
};

/** Every request in the namespace so far, but for `admin`'s, in the order of their answers. */
export function auditEvents(auditLog: string, namespace: string): readonly AuditEvent[] {
  const lines = readFileSync(auditLog, 'utf8').split('\n');
  // The last line is empty, or one that is just being written.
  return lines
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter((event) => event.objectRef?.namespace === namespace);
}

/** How often each thing was done, such as `{ "create jobs": 100 }`; refusals count. */
export function tally(events: readonly AuditEvent[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { verb, objectRef } of events) {
    const resource = [objectRef?.resource, objectRef?.subresource].filter((part) => part !== undefined).join('/');
    counts[`${verb} ${resource}`] = (counts[`${verb} ${resource}`] ?? 0) + 1;
  }
  return counts;
}
