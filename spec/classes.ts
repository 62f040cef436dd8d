/**
 * The specification of the classes as a table: the tests run it and docs/scaling.md shows it.
 */

import type { RunnerClass } from '#core/model/decision.ts';
import type { Runner, RunnerJob } from '#core/model/observation.ts';
import type { ReasonCode } from '#core/reasons.ts';
import { NOON } from '#kit/fleet.ts';

const MINUTE = 60_000;

/** Seen at noon; start time-out 10 minutes; ages are by Bitbucket's clock. */
export type ClassRow = {
  readonly name: string;
  readonly runner: Partial<Runner>;
  /** Its Job; `none` when there never was one, `gone` when it is no longer there. Default: active. */
  readonly job?: Partial<RunnerJob> | 'none' | 'gone';
  /** For how many minutes looks have seen it out of service with a step; absent: not at all. */
  readonly seenOutFor?: number;
  readonly class: RunnerClass;
  readonly cause?: ReasonCode;
};

const aged = (minutes: number): Partial<Runner> => ({
  createdAt: NOON - minutes * MINUTE,
  stateChangedAt: NOON - minutes * MINUTE,
});

const POD = { name: 'pod', restarts: 0, isProtected: true } as const;

const EVICTED = { why: 'EvictionByEvictionAPI' } as const;
/** By the Job's own controller. */
const GIVEN_UP = { why: 'Deleted', byItsJob: true } as const;

export const CLASS_ROWS: readonly ClassRow[] = [
  { name: 'online with a step', runner: { hasStep: true }, class: 'busy' },
  { name: 'online with a step, without a Job of ours', runner: { hasStep: true }, job: 'none', class: 'busy' },
  { name: 'online without a step', runner: {}, class: 'idle' },
  { name: 'online, its Job ended', runner: {}, job: { status: 'complete' }, class: 'draining' },
  { name: 'online, its Job is gone', runner: {}, job: 'gone', class: 'draining' },
  { name: 'online with a step, its Job is gone', runner: { hasStep: true }, job: 'gone', class: 'draining' },
  {
    name: 'offline for a moment, its Job is gone',
    runner: { status: 'OFFLINE', ...aged(0) },
    job: 'gone',
    class: 'dead',
    cause: 'job-ended',
  },
  {
    name: 'online with a step, its Job ended',
    runner: { hasStep: true },
    job: { status: 'failed' },
    class: 'draining',
  },
  { name: 'disabled', runner: { status: 'DISABLED' }, class: 'draining' },
  { name: 'disabled with a step', runner: { status: 'DISABLED', hasStep: true }, class: 'draining' },
  {
    name: 'disabled with a step, seen so for as long as one may take',
    runner: { status: 'DISABLED', hasStep: true, ...aged(130) },
    seenOutFor: 721,
    class: 'draining',
  },
  {
    name: 'disabled with a step, seen so for longer than one may take',
    runner: { status: 'DISABLED', hasStep: true, ...aged(130) },
    seenOutFor: 721.1,
    class: 'dead',
    cause: 'step-overdue',
  },
  {
    name: 'disabled with a step, for hours by Bitbucket’s clock, which may tell when it came online, seen so just now',
    runner: { status: 'DISABLED', hasStep: true, ...aged(300) },
    seenOutFor: 0,
    class: 'draining',
  },
  {
    name: 'cordoned with a step, online for hours, seen so for the first time',
    runner: { cordoned: true, hasStep: true, ...aged(300) },
    class: 'draining',
  },
  { name: 'online, its pod is being taken away', runner: {}, job: { takenAway: EVICTED }, class: 'draining' },
  {
    name: 'online with a step, its pod is being taken away',
    runner: { hasStep: true },
    job: { takenAway: EVICTED },
    class: 'draining',
  },
  { name: 'online, its Job takes its pod away', runner: {}, job: { takenAway: GIVEN_UP }, class: 'draining' },
  {
    name: 'past startTimeout, but its pod is being taken away: no failed start',
    runner: { status: 'UNREGISTERED', ...aged(11.1) },
    job: { takenAway: EVICTED },
    class: 'draining',
  },
  {
    name: 'just registered, its Job takes its pod away',
    runner: { status: 'UNREGISTERED', ...aged(0) },
    job: { takenAway: GIVEN_UP },
    class: 'starting',
  },
  {
    name: 'offline for a moment, its pod is being taken away',
    runner: { status: 'OFFLINE', ...aged(0) },
    job: { takenAway: EVICTED },
    class: 'draining',
  },
  {
    name: 'offline with a step for startTimeout, its pod is being taken away by a lost node',
    runner: { status: 'OFFLINE', hasStep: true, ...aged(11.1) },
    job: { takenAway: EVICTED, pod: { ...POD, phase: 'Unknown' } },
    class: 'dead',
    cause: 'lost-at-work',
  },
  {
    name: 'disabled with a step, seen so for longer than one may take, its pod is being taken away',
    runner: { status: 'DISABLED', hasStep: true, ...aged(130) },
    seenOutFor: 721.1,
    job: { takenAway: EVICTED },
    class: 'dead',
    cause: 'step-overdue',
  },
  { name: 'online but cordoned', runner: { cordoned: true }, class: 'draining' },
  {
    name: 'offline with a step for hours, its pod runs: nobody knows',
    runner: { status: 'OFFLINE', hasStep: true, ...aged(500) },
    job: { pod: { ...POD, phase: 'Running' } },
    class: 'draining',
  },
  {
    name: 'offline with a step, its node is lost',
    runner: { status: 'OFFLINE', hasStep: true, ...aged(11) },
    job: { pod: { ...POD, phase: 'Unknown' } },
    class: 'draining',
  },
  {
    name: 'offline with a step for startTimeout, its node is lost',
    runner: { status: 'OFFLINE', hasStep: true, ...aged(11.1) },
    job: { pod: { ...POD, phase: 'Unknown' } },
    class: 'dead',
    cause: 'lost-at-work',
  },
  {
    name: 'offline with a step for startTimeout, its Job failed',
    runner: { status: 'OFFLINE', hasStep: true, ...aged(11.1) },
    job: { status: 'failed', pod: { ...POD, phase: 'Running' } },
    class: 'dead',
    cause: 'lost-at-work',
  },
  {
    name: 'offline with a step for startTimeout, no Job',
    runner: { status: 'OFFLINE', hasStep: true, ...aged(11.1) },
    job: 'none',
    class: 'dead',
    cause: 'lost-at-work',
  },
  { name: 'unhealthy with a step', runner: { status: 'UNHEALTHY', hasStep: true }, class: 'draining' },
  { name: 'just registered, Job there', runner: { status: 'UNREGISTERED', ...aged(0) }, class: 'starting' },
  { name: 'slow starter before startTimeout', runner: { status: 'UNREGISTERED', ...aged(10) }, class: 'starting' },
  { name: 'slow starter, clocks a minute apart', runner: { status: 'UNREGISTERED', ...aged(11) }, class: 'starting' },
  {
    name: 'past startTimeout',
    runner: { status: 'UNREGISTERED', ...aged(11.1) },
    class: 'dead',
    cause: 'never-online',
  },
  {
    name: 'registered by a clock ahead of ours',
    runner: { status: 'UNREGISTERED', ...aged(-1) },
    job: 'none',
    class: 'starting',
  },
  {
    name: 'registered, Job on its way',
    runner: { status: 'UNREGISTERED', ...aged(1.5) },
    job: 'none',
    class: 'starting',
  },
  {
    name: 'registered, Job never came',
    runner: { status: 'UNREGISTERED', ...aged(1.6) },
    job: 'none',
    class: 'dead',
    cause: 'job-missing',
  },
  {
    name: 'registered, Job failed',
    runner: { status: 'UNREGISTERED', ...aged(1) },
    job: { status: 'failed' },
    class: 'dead',
    cause: 'start-ended',
  },
  {
    name: 'enabled again, Job failed',
    runner: { status: 'ENABLED', stateChangedAt: NOON },
    job: { status: 'failed' },
    class: 'dead',
    cause: 'job-ended',
  },
  {
    name: 'enabled again, no Job yet seen',
    runner: { status: 'ENABLED', stateChangedAt: NOON - 3 * MINUTE },
    job: 'none',
    class: 'starting',
  },
  {
    name: 'enabled again, nothing runs behind it',
    runner: { status: 'ENABLED', stateChangedAt: NOON - 3.1 * MINUTE },
    job: 'none',
    class: 'dead',
    cause: 'job-missing',
  },
  {
    name: 'registered, Job failed, its pod was taken away: no failed start',
    runner: { status: 'UNREGISTERED', ...aged(1) },
    job: { status: 'failed', takenAway: EVICTED },
    class: 'dead',
    cause: 'start-interrupted',
  },
  {
    name: 'registered, Job failed, which took its pod away itself',
    runner: { status: 'UNREGISTERED', ...aged(1) },
    job: { status: 'failed', takenAway: GIVEN_UP },
    class: 'dead',
    cause: 'start-ended',
  },
  { name: 'enabled again: starts anew', runner: { status: 'ENABLED', stateChangedAt: NOON }, class: 'starting' },
  { name: 'enabled again, never came', runner: { status: 'ENABLED' }, class: 'dead', cause: 'never-online' },
  {
    name: 'heart-beat lost a moment ago, Job alive',
    runner: { status: 'OFFLINE', stateChangedAt: NOON },
    class: 'starting',
  },
  {
    name: 'heart-beat lost for startTimeout, clocks a minute apart, Job alive',
    runner: { status: 'OFFLINE', stateChangedAt: NOON - 11 * MINUTE },
    class: 'starting',
  },
  {
    name: 'heart-beat lost for long, Job alive',
    runner: { status: 'OFFLINE' },
    class: 'dead',
    cause: 'lost-heart-beat',
  },
  {
    name: 'heart-beat lost, Job complete',
    runner: { status: 'OFFLINE', stateChangedAt: NOON },
    job: { status: 'complete' },
    class: 'dead',
    cause: 'job-ended',
  },
  {
    name: 'heart-beat lost a moment ago, no Job',
    runner: { status: 'OFFLINE', stateChangedAt: NOON - 3 * MINUTE },
    job: 'none',
    class: 'draining',
  },
  {
    name: 'heart-beat lost for minutes, no Job',
    runner: { status: 'OFFLINE', stateChangedAt: NOON - 3.1 * MINUTE },
    job: 'none',
    class: 'dead',
    cause: 'lost-heart-beat',
  },
  {
    name: 'unhealthy a moment ago: may recover',
    runner: { status: 'UNHEALTHY', stateChangedAt: NOON },
    class: 'draining',
  },
  {
    name: 'unhealthy for two minutes, clocks a minute apart: may recover',
    runner: { status: 'UNHEALTHY', stateChangedAt: NOON - 3 * MINUTE },
    class: 'draining',
  },
  { name: 'unhealthy for minutes', runner: { status: 'UNHEALTHY' }, class: 'dead', cause: 'unhealthy' },
  {
    name: 'a status nobody knows: left alone',
    runner: { status: 'UNKNOWN', statusText: 'HIBERNATING' },
    class: 'draining',
  },
  { name: 'a status nobody knows, with a step', runner: { status: 'UNKNOWN', hasStep: true }, class: 'draining' },
];
