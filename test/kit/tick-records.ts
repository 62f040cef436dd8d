import type { Instant } from '#core/model/observation.ts';
import type { TickRecord } from '#core/model/report.ts';

/** A tick record without groups; `notes` give it size. */
export function tickRecord(id: string, at: Instant, notes: readonly string[] = []): TickRecord {
  return {
    id,
    at,
    report: {
      version: 1,
      tick: {
        id,
        at: new Date(at).toISOString(),
        mode: 'apply',
        durationMs: 5,
        calls: { bitbucket: 1, kubernetes: 2, aws: 3 },
      },
      groups: [],
      problems: [],
      notes: [],
    },
    observation: { at, groups: [], workspaces: [], queues: [], scopeMemory: [], notes },
  };
}
