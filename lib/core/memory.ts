/** Keys and shapes of what is remembered between ticks, as documents of the state store. */
import * as z from 'zod';
import type { Scope } from './model/configuration.ts';
import type { GroupMemory, ScopeMemory, WorkspaceMemory } from './model/observation.ts';
import { scopeKey } from './scope.ts';
import type { WakeAsk } from './wake/asks.ts';

const times = z.record(z.string(), z.number());
const failedStart = z.object({ runner: z.string().optional(), at: z.number(), cause: z.string() });
const quarantine = z.object({
  failures: z.number(),
  since: z.number(),
  settings: z.number().optional(),
  failed: z.array(failedStart).optional(),
});
const startUps = z.object({ tookMs: z.array(z.number()), awaited: z.array(z.string()), newest: z.number() });
const drain = z.object({
  cause: z.string(),
  at: z.number(),
  enabledAt: z.number().optional(),
  confirm: z.literal(true).optional(),
});
const waits = z.object({
  queued: z.array(z.object({ since: z.number(), steps: z.number() })),
  begun: z.array(z.object({ from: z.number(), waitedMs: z.number(), steps: z.number() })),
});
const recentTarget = z.object({ target: z.number(), since: z.number() });
const groupMemory = z
  .object({
    idleSince: times,
    drainingSince: times,
    finishing: times.optional(),
    endedJobs: z.array(z.string()).optional(),
    drains: z.record(z.string(), drain).optional(),
    quarantine: quarantine.optional(),
    failedStarts: times.optional(),
    interruptions: z.object({ looks: z.number(), registered: z.number() }).optional(),
    startUps: startUps.optional(),
    working: z.array(z.string()).optional(),
    doubts: times.optional(),
    arrivals: z.array(z.object({ from: z.number(), steps: z.number() })).optional(),
    waits: waits.optional(),
    recentTargets: z.array(recentTarget).optional(),
    runners: times.optional(),
    jobless: z.array(z.string()).optional(),
    awayJobs: z.record(z.string(), z.string()).optional(),
    worked: z.array(z.string()).optional(),
    // Written before `jobless`: those that have had one.
    jobs: times.optional(),
    intended: z.array(z.object({ at: z.number(), adds: z.number() })).optional(),
  })
  .transform(({ jobs, ...memory }) => {
    if (jobs === undefined) return memory;
    return { ...memory, jobless: Object.keys(memory.runners ?? {}).filter((uuid) => jobs[uuid] === undefined) };
  });
const scopeMemory = z.object({
  identity: z.object({ workspaceUuid: z.string(), repositoryUuid: z.string().optional() }).optional(),
  stepSeen: z.boolean(),
  registrations: z.number().optional(),
  foreign: z.number().optional(),
  unlistedSince: z.number().optional(),
  stepSeenAt: z.number().optional(),
});
const wakeAsk = z.object({
  step: z.string(),
  by: z.string(),
  runners: z.number(),
  until: z.number(),
  knownUntil: z.number(),
  pipeline: z.string().optional(),
  askedAt: z.number().optional(),
  isOver: z.literal(true).optional(),
});
const wakeMemory = z.object({ asks: z.array(wakeAsk) });
const repository = z.object({ workspaceUuid: z.string(), repositoryUuid: z.string(), at: z.number() });
const wakeNote = z.object({
  repositories: z.record(z.string(), repository),
  seen: z
    .object({
      at: z.number(),
      online: z.number(),
      starting: z.number(),
      min: z.number().optional(),
      held: z.string().optional(),
    })
    .optional(),
});
const wakeLook = z.object({ at: z.number(), isOpen: z.boolean() });
const deployment = z.object({ id: z.string() });
const workspaceMemory = z.object({
  month: z.string(),
  runners: z.number(),
  steps: z.number().optional(),
  elsewhere: z.number().optional(),
});

const NO_MEMORY: GroupMemory = { idleSince: {}, drainingSince: {} };

/** Parses each document once: none is ever changed, and a store in the process gives the same one until another is saved. */
export function parsedOnce<Parsed>(parse: (document: unknown) => Parsed): (document: unknown) => Parsed {
  const kept = new WeakMap<object, Parsed>();
  return (document) => {
    if (typeof document !== 'object' || document === null) return parse(document);
    const parsed = kept.get(document) ?? parse(document);
    kept.set(document, parsed);
    return parsed;
  };
}

/** The document with the name of the deployment. */
export const DEPLOYMENT_KEY = 'deployment';

/** The name that this deployment stamps its Jobs with; undefined while it has none. */
export function parseDeployment(value: unknown): string | undefined {
  return deployment.safeParse(value).data?.id;
}

/** The document of a group. */
export function groupMemoryKey(group: string): string {
  return `group/${group}`;
}

/** The document with what pipelines ask of a group. */
export function wakeMemoryKey(group: string): string {
  return `wake/asks/${group}`;
}

/** The document with what ticks tell whoever answers pipelines that ask for the group. */
export function wakeNoteKey(group: string): string {
  return `wake/note/${group}`;
}

/** The document with the latest look at a workspace that was asked for. */
export function wakeLookKey(workspace: string): string {
  return `wake/look/${workspace}`;
}

/** The document of a scope. */
export function scopeMemoryKey(scope: Scope): string {
  return `scope/${scopeKey(scope)}`;
}

/** The document of a workspace. */
export function workspaceMemoryKey(workspace: string): string {
  return `workspace/${workspace}`;
}

/**
 * A group's memory from its document. What cannot be read is forgotten, which only makes the autoscaler more patient:
 * every idle runner then starts its cool-down anew.
 */
export const parseGroupMemory = parsedOnce((value): GroupMemory => groupMemory.safeParse(value).data ?? NO_MEMORY);

/** Whether two things to remember say the same, in whatever order, and whether what is empty is there or not. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const said = Object.entries(a).filter(([, entry]) => isSaid(entry));
  const others = Object.values(b).filter(isSaid);
  return said.length === others.length && said.every(([key, entry]) => isSame(entry, Reflect.get(b, key)));
}

function isSaid(entry: unknown): boolean {
  return entry !== undefined && !isEmpty(entry);
}

/** Whether there is nothing in it: no entry, no item. */
export function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** A workspace's memory from its document; what cannot be read begins anew with what is seen. */
export function parseWorkspaceMemory(value: unknown): WorkspaceMemory | undefined {
  return workspaceMemory.safeParse(value).data;
}

/** What pipelines ask of a group, from its document; what cannot be read was not asked. */
export function parseWakeMemory(value: unknown): readonly WakeAsk[] {
  return wakeMemory.safeParse(value).data?.asks ?? [];
}

/**
 * What ticks tell of a group that can be woken: the repositories behind the names in `wake.from` and when they were looked
 * up, and its runners when somebody last waited for them.
 */
export type WakeNote = z.output<typeof wakeNote>;

/** It from its document; what cannot be read was not told. */
export function parseWakeNote(value: unknown): WakeNote {
  return wakeNote.safeParse(value).data ?? { repositories: {} };
}

/** When a look was asked for, and whether no tick has taken it up yet (`isOpen`). */
type WakeLook = z.output<typeof wakeLook>;

/** It from its document; undefined where none was asked for. */
export function parseWakeLook(value: unknown): WakeLook | undefined {
  return wakeLook.safeParse(value).data;
}

/** A scope's memory from its document; what cannot be read is looked up again. */
export function parseScopeMemory(value: unknown): ScopeMemory {
  return scopeMemory.safeParse(value).data ?? { stepSeen: false };
}
