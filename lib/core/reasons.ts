/**
 * Every reason that the autoscaler can give, with its numbers and its sentence: those here, and the strategies' own. A
 * code without a sentence, or a sentence whose numbers are missing, does not compile.
 */
import { SLOW_FACTOR } from './decide/start-up.ts';
import { STRATEGY_WORDS, type StrategyWords } from './decide/strategies/index.ts';
import type { Because } from './decide/strategies/strategy.ts';
import { duration, plural } from './quantities.ts';

type StrategyValues = { readonly [Code in keyof StrategyWords]: Parameters<StrategyWords[Code]>[0] };

/** The numbers (and few words) behind each reason. Durations are milliseconds and end in `Ms`. */
export type ReasonValues = StrategyValues & {
  /* why a group scales down, or would */
  'above-max': { working: number; max: number };
  /* why a group holds */
  'partial-observation': { missing: string };
  'look-held-back': { credential: string; why: 'short' | 'throttled'; used: number; limit: number; waitMs: number };
  'no-room': { wanted: number; working: number };
  'cooling-down': { surplus: number; coolDownMs: number; longestIdleMs: number };
  'idle-unproven': { surplus: number };
  'stabilisation-window': { surplus: number; highest: number; windowMs: number; leftMs: number };
  'last-usable': { starting: number };
  /* bounds */
  schedule: { window: string; min: number; max: number; until: string };
  woken: { runners: number; by: string; until: string };
  max: { max: number; registrations: number; withheld: number };
  'workspace-cap': { cap: number; registrations: number; assumed?: number; withheld: number };
  'peak-cap': { cap: number; committed: number; peak: number; withheld: number };
  'concurrency-limit': { limit: number; running: number; coming: number; withheld: number };
  'below-share': { cap: number; share: number; working: number; coming: number; from: string };
  'max-creates-per-tick': { limit: number; withheld: number };
  'api-budget': { credential: string; limit: number; left: number; withheld: number; moreInMs: number };
  'calls-scarce': { credential: string; limit: number; left: number; surplus: number };
  'cool-down': { coolDownMs: number; withheld: number; longestIdleMs: number };
  'unknown-status': { runners: number; statuses: string };
  'offline-at-work': { runners: number; longestMs: number };
  'drained-at-work': { runners: number; longestMs: number; limitMs: number };
  'pods-leaving': { runners: number; atWork: number; why: string };
  recycling: { runners: number; atOnce: number; waiting: number };
  'one-step-waits': { runners: number };
  'resize-pending': { runners: number; word: string; message: string };
  quarantine: { failures: number; waitMs: number; withheld: number };
  'slow-start': { runners: number; usualMs: number; withheld: number };
  'queue-unknown': { why: string };
  /* what keeps starting runners from coming online */
  'start-trouble': { kind: StartTroubleKind; runners: number; message: string; selector: string };
  /* why a runner or a Job is acted on */
  'left-over': { group: string };
  surplus: { idleMs: number };
  excess: { max: number };
  shared: { to: string; cap: number };
  drained: { drainedMs: number };
  'never-online': { ageMs: number; startTimeoutMs: number; pod: string };
  'lost-heart-beat': { offlineMs: number };
  'lost-at-work': { offlineMs: number; pod: string };
  'step-overdue': { outMs: number };
  unhealthy: { unhealthyMs: number };
  'job-missing': { ageMs: number };
  'secret-missing': { ageMs: number };
  'job-ended': { jobStatus: string };
  'job-unlisted': Record<never, never>;
  'registration-gone': { ageMs: number };
  'start-hopeless': { kind: StartTroubleKind; message: string };
  'start-ended': { jobStatus: string };
  'start-interrupted': { jobStatus: string };
  'pod-leaving': { why: string };
  'first-step': Record<never, never>;
  'resize-stuck': { word: string };
  'needs-all': Record<never, never>;
  'needs-little': { idleMs: number };
  'too-old': { ageMs: number; afterMs: number };
  outdated: Record<never, never>;
  'at-work': Record<never, never>;
  rested: { idleMs: number };
};

/** What can keep a runner from starting. `silent`: its pod runs, but it does not connect; `no-pod`: its Job gets none. */
export type StartTroubleKind = 'no-pod' | 'unschedulable' | 'image' | 'configuration' | 'crash' | 'silent' | 'other';

export type ReasonCode = keyof ReasonValues;

/** A reason as reports carry it: machines read code and values, people read the text. */
export type Reason = {
  readonly [Code in ReasonCode]: { readonly code: Code; readonly text: string; readonly values: ReasonValues[Code] };
}[ReasonCode];

/** The limits that shaped a decision. */
export type Bounds = readonly Reason[];

const SENTENCES: { readonly [Code in ReasonCode]: (values: ReasonValues[Code]) => string } = {
  ...STRATEGY_WORDS,
  'above-max': (v) => `${v.working} runners are more than max ${v.max}`,
  'partial-observation': (v) => `holding because not everything could be read: ${v.missing}`,
  'look-held-back': (v) =>
    v.why === 'throttled'
      ? `not looked at, since Bitbucket throttles credential ${v.credential}; the next look is in ${duration(v.waitMs)}`
      : `not looked at, to spare the hourly calls of credential ${v.credential} (${v.used} of ${v.limit} made here); the next look is in ${duration(v.waitMs)}`,
  'no-room': (v) => `${v.wanted} are wanted, but ${v.working} is all that the limits allow`,
  'cooling-down': (v) =>
    `${v.surplus} idle ${plural(v.surplus, 'runner')} too many, the longest idle for ${duration(v.longestIdleMs)} of the ${duration(v.coolDownMs)} cool-down`,
  'idle-unproven': (v) =>
    `${v.surplus} ${plural(v.surplus, 'runner')} too many, but this API has shown no busy runner lately, so none can be trusted to be idle`,
  'stabilisation-window': (v) =>
    `${v.surplus} idle ${plural(v.surplus, 'runner')} too many, but ${v.highest} were wanted less than ${duration(v.windowMs)} ago; the stabilisation window ends in ${duration(v.leftMs)}`,
  'last-usable': (v) =>
    `the only runner online stays while ${v.starting} ${v.starting === 1 ? 'is' : 'are'} starting: a step that finds none online fails at once`,
  schedule: (v) =>
    `window ${v.window} sets min ${v.min} and max ${v.max} ${v.until === '' ? 'at all times' : `until ${v.until}`}`,
  woken: (v) => `${v.by} asked for ${v.runners} ${plural(v.runners, 'runner')} until ${v.until}`,
  max: (v) => `max ${v.max} with ${v.registrations} registered withholds ${v.withheld}`,
  'workspace-cap': (v) =>
    `workspace cap ${v.cap} with ${v.registrations} registered${assumption(v.assumed)} withholds ${v.withheld}`,
  'calls-scarce': (v) =>
    `${v.surplus} idle runners too many stay: removing them takes calls, and credential ${v.credential} has only ${v.left} of ${v.limit} left`,
  'api-budget': (v) =>
    `credential ${v.credential} has ${v.left} of ${v.limit} calls an hour left, which withholds ${v.withheld}; more in ${duration(v.moreInMs)}`,
  'peak-cap': (v) =>
    `at most ${v.cap} in use at once, with ${v.committed} that are or will be (month's peak ${v.peak}), withholds ${v.withheld}`,
  'concurrency-limit': (v) =>
    `Bitbucket runs at most ${v.limit} ${plural(v.limit, 'step')} of the workspace at once; ${v.running} that run and ${v.coming} ${plural(v.coming, 'runner')} on their way withhold ${v.withheld}`,
  'below-share': (v) =>
    `${v.working} at work are fewer than the ${v.share} that are the group's share of cap ${v.cap}; ${
      v.coming === 0
        ? 'no other group can make room now'
        : `${v.coming} ${plural(v.coming, 'place')} will be free when runners that drain have finished${v.from === '' ? '' : ` (of ${v.from})`}`
    }`,
  'max-creates-per-tick': (v) => `at most ${v.limit} creates per tick leave ${v.withheld} for the next`,
  'cool-down': (v) =>
    `${v.withheld} idle ${plural(v.withheld, 'runner')} must be seen idle for ${duration(v.coolDownMs)} first (longest ${duration(v.longestIdleMs)})`,
  'unknown-status': (v) =>
    `${v.runners} ${plural(v.runners, 'runner')} with a status unknown here (${v.statuses}) left alone`,
  'offline-at-work': (v) =>
    `${v.runners} ${plural(v.runners, 'runner')} offline in the middle of a step, for ${duration(v.longestMs)}, cannot be used and may still be at work; see the node in kubectl get pods -o wide`,
  'drained-at-work': (v) =>
    `${v.runners} ${plural(v.runners, 'runner')} out of service ${v.runners === 1 ? 'shows' : 'show'} a step, for ${duration(v.longestMs)}, that no pod runs any more; no step takes longer than ${duration(v.limitMs)}, then ${v.runners === 1 ? 'it goes' : 'they go'}`,
  'pods-leaving': (v) =>
    `the ${plural(v.runners, 'pod')} of ${v.runners} ${plural(v.runners, 'runner')} ${v.runners === 1 ? 'is' : 'are'} being taken away (${v.why}): no supply from now on${v.atWork === 0 ? '' : `; ${v.atWork} of them ${v.atWork === 1 ? 'shows' : 'show'} a step, which is lost if the pod goes before it ends`}`,
  recycling: (v) =>
    `${v.runners} ${plural(v.runners, 'runner')} ${v.runners === 1 ? 'is' : 'are'} due to be replaced, idle ones at most ${v.atOnce} at once, the oldest first${v.waiting === 0 ? '' : `; ${v.waiting} ${v.waiting === 1 ? 'waits' : 'wait'} until another is online`}`,
  'one-step-waits': (v) =>
    `${v.runners} ${plural(v.runners, 'runner')} that has had its one step stays, as the last one online, until another is`,
  'resize-pending': (v) =>
    `the pods of ${v.runners} ${plural(v.runners, 'runner')} wait for what a busy one asks for (${v.word}${v.message === '' ? '' : `: ${v.message}`}); their steps run with what the node has left`,
  quarantine: (v) =>
    v.waitMs > 0
      ? `${v.failures} failed ${plural(v.failures, 'start')} in a row: ${v.withheld} withheld, the next try is in ${duration(v.waitMs)}`
      : `${v.failures} failed ${plural(v.failures, 'start')} in a row: ${v.withheld} withheld, one runner at a time is tried`,
  'slow-start': (v) =>
    `${v.runners} ${v.runners === 1 ? 'start takes' : 'starts take'} more than ${SLOW_FACTOR} times the usual ${duration(v.usualMs)} and ${v.runners === 1 ? 'does' : 'do'} not count as starting${v.withheld === 0 ? '' : `: ${v.withheld} withheld, one more at a time is tried until one works`}`,
  'queue-unknown': (v) => `the queue is unknown (${v.why}), so the group is scaled without it`,
  'start-trouble': (v) => `${v.runners} starting ${plural(v.runners, 'runner')}: ${describeTrouble(v)}`,
  'left-over': (v) =>
    `no group is here any more (group "${v.group}" was), so it takes no new step and goes when it has none`,
  surplus: (v) => `idle for ${duration(v.idleMs)} and not needed`,
  excess: (v) => `above max ${v.max} and not yet at work`,
  shared: (v) => `above its group's share of cap ${v.cap}, so its place goes to ${v.to}`,
  drained: (v) => `out of service and without a step for ${duration(v.drainedMs)}`,
  'never-online': (v) =>
    `not online ${duration(v.ageMs)} after registration (startTimeout ${duration(v.startTimeoutMs)}; pod: ${v.pod})`,
  'lost-heart-beat': (v) => `offline for ${duration(v.offlineMs)} without a step`,
  'lost-at-work': (v) =>
    `offline for ${duration(v.offlineMs)} in the middle of a step that nothing runs any more (pod: ${v.pod})`,
  'step-overdue': (v) => `out of service for ${duration(v.outMs)}, longer than the step that it shows can take`,
  unhealthy: (v) => `unhealthy for ${duration(v.unhealthyMs)} without a step`,
  'job-missing': (v) => `registered for ${duration(v.ageMs)}, but there is no Job behind it`,
  'secret-missing': (v) => `its Job is ${duration(v.ageMs)} old, but the Secret that its pod needs was never created`,
  'job-ended': (v) => `its Job is ${v.jobStatus}`,
  'job-unlisted': () => "its Job is not in its cluster's list any more, so it takes no new step",
  'registration-gone': (v) => `its registration is gone, the Job is ${duration(v.ageMs)} old`,
  'start-hopeless': (v) => `it cannot start: ${describeTrouble({ ...v, selector: '' })}`,
  'start-ended': (v) =>
    `its Job is ${v.jobStatus}, and it has never connected; see kubectl logs of the next one's pod while it starts`,
  'start-interrupted': (v) =>
    `its Job is ${v.jobStatus}, because its pod was taken away before the runner had connected`,
  'pod-leaving': (v) => `its pod is being taken away (${v.why}), so it takes no new step`,
  'first-step': () => 'one step per runner (recycle.afterSteps), and it has its own, so it takes no other',
  'resize-stuck': (v) =>
    `its node does not give its pod what a busy one asks for (${v.word}), so it takes no other step, and another is made that asks for all from the beginning`,
  'needs-all': () => 'its runner is busy, so it asks for what its size says',
  'needs-little': (v) => `its runner has been idle for ${duration(v.idleMs)}, so it asks for little`,
  'too-old': (v) => `${duration(v.ageMs)} old, more than recycle.after ${duration(v.afterMs)}`,
  outdated: () => 'made before the template, images or settings of its group changed (recycle.onChange)',
  'at-work': () => 'its runner is busy, so its node must stay',
  rested: (v) => `its runner has been idle for ${duration(v.idleMs)}, so its node may go`,
};

/** Builds a reason, sentence included. */
export function reason<Code extends ReasonCode>(code: Code, values: ReasonValues[Code]): Reason {
  // The mapped union cannot be narrowed by a generic code; the signature above is what keeps the three together.
  return { code, text: SENTENCES[code](values), values } as Reason;
}

/** Puts what a strategy gives as its reason into words. */
export function reasonFor({ code, values }: Because): Reason {
  return reason(code as ReasonCode, values as never);
}

/** What stands behind a number of registrations, if not all of them were seen. */
export function assumption(assumed: number | undefined): string {
  return assumed === undefined ? '' : ` (${assumed} of them assumed, where nothing was listed)`;
}

/** What happened, in the cluster's words, and what to do about it. */
function describeTrouble({ kind, selector, ...told }: Omit<ReasonValues['start-trouble'], 'runners'>): string {
  const message = told.message.replace(/\.$/, '');
  switch (kind) {
    case 'no-pod':
      return 'its Job has no pod; see the events of kubectl describe job: a quota, a limit range or an admission policy may refuse it';
    case 'unschedulable': {
      const asked = selector === '' ? 'no node takes the pod' : `no node has ${selector} and room`;
      return `${asked}: ${message}; add nodes, or change nodeSelector, tolerations or size`;
    }
    case 'image':
      return `the image cannot be had: ${message}; check its name in the template and the nodes' way to the registry`;
    case 'configuration':
      return `the container cannot be made: ${message}; check the Secrets and settings that the template names`;
    case 'crash':
      return `the container crashes: ${message}; see kubectl logs of the pod, with --previous`;
    case 'silent':
      return "its pod runs, but the runner has not connected; check the nodes' way to api.bitbucket.org and kubectl logs";
    case 'other':
      return `${message}; see kubectl describe of the pod`;
  }
}

/** Whether a bound holds runners back; an open window, and who woke the group, only explain where others come from. */
export function isLimit(code: ReasonCode): boolean {
  return code !== 'schedule' && code !== 'woken';
}
