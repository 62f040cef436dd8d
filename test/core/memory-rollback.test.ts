/**
 * Going back to the version before: its schemas (1.0.0-rc.1), copied as they were, read what this version writes. Nothing is
 * lost but the fields that it does not know, also when it has saved in between.
 */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseGroupMemory, parseScopeMemory, parseWorkspaceMemory } from '#core/memory.ts';
import type { GroupMemory, ScopeMemory, WorkspaceMemory } from '#core/model/observation.ts';

const times = z.record(z.string(), z.number());
const OLD_GROUP = z.object({
  idleSince: times,
  drainingSince: times,
  drains: z
    .record(
      z.string(),
      z.object({
        cause: z.string(),
        at: z.number(),
        enabledAt: z.number().optional(),
        confirm: z.literal(true).optional(),
      }),
    )
    .optional(),
  quarantine: z
    .object({
      failures: z.number(),
      since: z.number(),
      settings: z.number().optional(),
      failed: z.array(z.object({ runner: z.string().optional(), at: z.number(), cause: z.string() })).optional(),
    })
    .optional(),
  failedStarts: times.optional(),
  startUps: z.object({ tookMs: z.array(z.number()), awaited: z.array(z.string()), newest: z.number() }).optional(),
  recentTargets: z.array(z.object({ target: z.number(), since: z.number() })).optional(),
  runners: times.optional(),
  jobless: z.array(z.string()).optional(),
  jobs: times.optional(),
  intended: z.array(z.object({ at: z.number(), adds: z.number() })).optional(),
});
const OLD_SCOPE = z.object({
  identity: z.object({ workspaceUuid: z.string(), repositoryUuid: z.string().optional() }).optional(),
  stepSeen: z.boolean(),
  registrations: z.number().optional(),
  foreign: z.number().optional(),
  unlistedSince: z.number().optional(),
  stepSeenAt: z.number().optional(),
});
const OLD_WORKSPACE = z.object({ month: z.string(), runners: z.number() });

/** Every field, so that one that is added does not compile until it is here. */
const KNOWN = {
  idleSince: { '{a}': 1 },
  drainingSince: { '{b}': 2 },
  drains: { '{b}': { cause: 'pod-leaving', at: 3, enabledAt: 4, confirm: true as const } },
  quarantine: {
    failures: 5,
    since: 6,
    settings: 7,
    failed: [
      { runner: '{c}', at: 8, cause: 'late' },
      { at: 9, cause: 'quota' },
    ],
  },
  failedStarts: { '{c}': 10 },
  startUps: { tookMs: [11], awaited: ['{d}'], newest: 12 },
  recentTargets: [{ target: 13, since: 14 }],
  runners: { '{a}': 15, '{b}': 16 },
  jobless: ['{b}'],
  intended: [{ at: 17, adds: 18 }],
} satisfies Partial<GroupMemory>;
const NEW = {
  interruptions: { looks: 19, registered: 20 },
  working: ['{a}'],
  doubts: { '{a}': 21 },
  arrivals: [{ from: 22, steps: 23 }],
  waits: { queued: [{ since: 24, steps: 25 }], begun: [{ from: 26, waitedMs: 27, steps: 28 }] },
  worked: ['{a}'],
  finishing: { '{a}': 29 },
  endedJobs: ['{a}'],
  awayJobs: { '{a}': 'main/web' },
} satisfies Partial<GroupMemory>;
const GROUP: Required<GroupMemory> = { ...KNOWN, ...NEW };
const SCOPE: Required<ScopeMemory> = {
  identity: { workspaceUuid: '{w}', repositoryUuid: '{r}' },
  stepSeen: true,
  registrations: 1,
  foreign: 2,
  unlistedSince: 3,
  stepSeenAt: 4,
};
const WORKSPACE: Required<WorkspaceMemory> = { month: '2026-11', runners: 9, steps: 8, elsewhere: 1 };

/** As a store gives it. */
const stored = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('a document of this version, read by the one before', () => {
  it.each([
    { name: 'of a group', read: OLD_GROUP.parse(stored(GROUP)), known: KNOWN },
    { name: 'of a scope', read: OLD_SCOPE.parse(stored(SCOPE)), known: SCOPE },
    { name: 'of a workspace', read: OLD_WORKSPACE.parse(stored(WORKSPACE)), known: { month: '2026-11', runners: 9 } },
  ])('$name loses nothing but the fields that are new', ({ read, known }) => {
    expect(read).toEqual(known);
  });

  it('and saved by it, is read again by this one', () => {
    expect(parseGroupMemory(stored(OLD_GROUP.parse(stored(GROUP))))).toEqual(KNOWN);
    expect(parseScopeMemory(stored(OLD_SCOPE.parse(stored(SCOPE))))).toEqual(SCOPE);
    expect(parseWorkspaceMemory(stored(OLD_WORKSPACE.parse(stored(WORKSPACE))))).toEqual({
      month: '2026-11',
      runners: 9,
    });
  });

  it('comes back whole to this one', () => {
    expect(parseGroupMemory(stored(GROUP))).toEqual(GROUP);
  });
});
