/**
 * Carries a plan out, one whole runner per action, in parallel with a bound, after it has claimed every group that it is
 * going to change (claim.ts).
 *
 * In: register → Job → Secret owned by the Job. The pod waits for its Secret, so until the last step nothing runs and
 * every step before it can be undone. Out: disable, and on a later tick delete the registration, then the Job.
 *
 * In the good case a runner costs three calls to Bitbucket in its life: to register it, to disable it (which interrupts
 * nothing, whatever it is at by now), and to delete it. It is read once more where the look is old or not enough.
 */
import pLimit, { type LimitFunction } from 'p-limit';
import { claimGroups, settleAdds } from './claim.ts';
import { BudgetError, InputError, ServiceError, sentenceOf } from './errors.ts';
import type { RunnerGroup } from './model/configuration.ts';
import type { Action, Applied, GroupPlan, LogPlace, Outcome, Plan, Registration } from './model/decision.ts';
import { hasOtherLabels, tellOtherLabels } from './other-labels.ts';
import { runnerOf } from './plan.ts';
import type { Namespace, Ports } from './ports.ts';
import { removeScratch } from './scratch.ts';
import { bracedUuid } from './uuid.ts';

/** Whole-runner actions in flight at once, over all groups: what one group may create by default goes out in one wave. */
const CONCURRENT_ACTIONS = 50;

/** A look that is older than this is not relied on: the runner is read once more before something is taken away. */
const YOUNG_LOOK_MS = 15_000;

/** What an apply has to go by besides the plan. */
export type Timing = {
  /** Whether there is time to begin another action. */
  readonly hasTime?: (() => boolean) | undefined;
  /** Time since the look began that the plan was made from; without it the look counts as old. */
  readonly lookAgeMs?: () => number;
};

/** What every action is carried out with. */
type Hands = {
  readonly ports: Ports;
  readonly hasTime: () => boolean;
  readonly isLookYoung: () => boolean;
  /** Adds to what is worth knowing; a sentence that is there already is not told twice. */
  readonly note: (sentence: string) => void;
};

/**
 * Does what the plan says. Never throws: what fails is an outcome, and the next tick finds and repairs the rest. Once
 * `hasTime` says no, what has not begun is left to the next tick, so that nothing is cut off half-way.
 */
export async function apply(plan: Plan, ports: Ports, timing: Timing = {}): Promise<Applied> {
  const {
    hasTime = () => true,
    // Stryker disable next-line ArrowFunction: an age that nobody knows is not below any number either.
    lookAgeMs = () => Number.POSITIVE_INFINITY,
  } = timing;
  const notes = new Set<string>();
  const isLookYoung = () => lookAgeMs() < YOUNG_LOOK_MS;
  const claim = await claimGroups(plan, ports.state);
  const stamping: Ports = { ...ports, manifests: stampedBy(claim.deployment, ports.manifests) };
  const hands: Hands = { ports: stamping, hasTime, isLookYoung, note: (sentence) => notes.add(sentence) };
  const limit = pLimit(CONCURRENT_ACTIONS);
  const applyAll = (groups: readonly GroupPlan[]) =>
    Promise.all(
      groups.map(async (group) => {
        const lost = claim.lost.get(group.memoryKey);
        return {
          group,
          ...(lost === undefined ? await applyGroup(group, limit, hands) : leaveAlone(group, lost)),
        };
      }),
    );
  const [done, left, tidied] = await Promise.all([
    applyAll(plan.groups),
    applyAll(plan.leftovers ?? []),
    removeScratch(hasTime() ? (plan.scratch ?? []) : [], ports),
  ]);
  return {
    outcomes: new Map(done.map(({ group, outcomes }) => [group.group.name, outcomes])),
    leftovers: left.map(({ outcomes }) => outcomes),
    problems: [...claim.problems, ...tidied.problems, ...(await settleAdds(done, plan, ports.state))],
    notes: [...notes, ...tidied.notes],
  };
}

/** Manifests that carry the name of the deployment. */
function stampedBy(deployment: string | undefined, manifests: Ports['manifests']): Ports['manifests'] {
  const render: typeof manifests.render = (input) =>
    manifests.render({ ...input, ...(deployment !== undefined && { deployment }) });
  return { ...manifests, render };
}

type GroupApplied = {
  readonly outcomes: readonly Outcome[];
  /** Why starts were refused, where none succeeded. */
  readonly refusal: string | undefined;
  /**
   * Runners that adds have made, also those that were taken back: a deletion may take effect late, so that the next look asks
   * for them by name. And adds that came to nothing, so that they take no seat.
   */
  readonly made: readonly string[];
  readonly gone: number;
};

/** What became of one action. `isGone`: nothing is there of an add; `refusal`: why it was refused. */
type Done = { readonly outcome: Outcome; readonly isGone?: boolean; readonly refusal?: string };

function leaveAlone({ actions }: GroupPlan, why: string): GroupApplied {
  return { outcomes: actions.map((action) => skipped(action, why)), refusal: undefined, made: [], gone: 0 };
}

async function applyGroup({ group, actions }: GroupPlan, limit: LimitFunction, hands: Hands): Promise<GroupApplied> {
  const isAdding = actions.some(({ action }) => action === 'add');
  const broken = isAdding ? brokenTemplate(group, hands.ports) : undefined;
  const begin = async (action: Action): Promise<Done> =>
    hands.hasTime() ? perform(action, group, hands) : left(action, 'no time was left; the next tick goes on');
  const all = await Promise.all(
    actions.map((action): Done | Promise<Done> =>
      // Before anything is registered that would only have to be taken back.
      action.action === 'add' && broken !== undefined
        ? { outcome: failed(action, broken), isGone: true }
        : limit(() => begin(action)),
    ),
  );
  const adds = all.filter(({ outcome }) => outcome.action === 'add');
  // Where one start succeeds the group can start runners.
  const isStarted = adds.some(({ outcome }) => outcome.status === 'done');
  return {
    outcomes: all.map(({ outcome }) => outcome),
    refusal: isStarted ? undefined : adds.flatMap(({ refusal = [] }) => refusal)[0],
    made: adds.flatMap(({ outcome: { runner = [] } }) => runner),
    gone: adds.filter(({ isGone }) => isGone).length,
  };
}

/** A connection that broke is no refusal: the call may have had its effect, and the next try may well succeed. */
function isRefusal(error: unknown): boolean {
  return !(error instanceof ServiceError && error.outcome === 'unknown');
}

function brokenTemplate(group: RunnerGroup, { manifests }: Ports): InputError | undefined {
  const problems = manifests.problems(group);
  return problems.length === 0 ? undefined : new InputError(problems);
}

async function perform(action: Action, group: RunnerGroup, hands: Hands): Promise<Done> {
  try {
    return action.action === 'add' ? await add(action, group, hands) : { outcome: await change(action, group, hands) };
  } catch (error) {
    // A call that was not made is no failure: the next tick asks again.
    if (error instanceof BudgetError) return left(action, error.message);
    return { outcome: failed(action, error), ...(isRefusal(error) && { isGone: true, refusal: sentenceOf(error) }) };
  }
}

/** Does anything to a runner or Job that is there. */
async function change(action: Exclude<Action, ActionOf<'add'>>, group: RunnerGroup, hands: Hands): Promise<Outcome> {
  const { ports } = hands;
  switch (action.action) {
    case 'enable':
      return await enable(action, group, ports);
    case 'disable':
      await ports.runners.disable(group.scope, action.runner.uuid);
      return { ...outcomeOf(action), status: 'done' };
    case 'remove':
      return await remove(action, group, hands);
    case 'remove-job':
      return await removeJob(action, group, ports);
    case 'protect':
    case 'unprotect':
    case 'resize':
      return await changePod(action, group, hands);
  }
}

type ActionOf<Name extends Action['action']> = Extract<Action, { action: Name }>;

async function add(action: ActionOf<'add'>, group: RunnerGroup, { ports, note }: Hands): Promise<Done> {
  const registration = await ports.runners.register(group.scope, { name: group.name, labels: group.labels });
  const { runner } = registration;
  // An answer need not repeat them.
  const isTold = runner.labels.length > 0;
  if (isTold && hasOtherLabels(runner, group)) {
    note(tellOtherLabels(group, 'registers runners', runner.labels.join(', ')));
  }
  const outcome = { action: 'add', runner: runner.uuid } as const;
  try {
    await launch(registration, action, group, ports);
    return { outcome: { ...outcome, status: 'done' } };
  } catch (error) {
    // If the Secret may have arrived, the pod may be at work by now: taking it away could kill a step. It either comes
    // online or runs into its start time-out.
    const mayRun = error instanceof SecretMayExistError;
    const undone = mayRun ? '' : await undoAdd(group, runner.uuid, ports);
    const failure = sentenceOf(error);
    return {
      outcome: { ...outcome, status: 'failed', error: `${failure}${undone}` },
      ...(isRefusal(error) && { refusal: failure }),
    };
  }
}

async function launch(
  registration: Registration,
  { identity, isFull }: ActionOf<'add'>,
  group: RunnerGroup,
  ports: Ports,
): Promise<void> {
  const { job, secret } = ports.manifests.render({
    group,
    runner: registration.runner,
    identity,
    credentials: registration,
    ...(isFull && { isFull }),
  });
  const owner = await ports.jobs.createJob(group, job);
  await ports.jobs.createSecret(group, secret, owner).catch(toSecretError);
}

/** The Secret's creation ended without an answer. */
class SecretMayExistError extends ServiceError {}

function toSecretError(error: unknown): never {
  if (error instanceof ServiceError && error.outcome === 'unknown') {
    throw new SecretMayExistError(`${error.message} The runner is left to start or to time out.`, error);
  }
  throw error;
}

/**
 * Takes back what an add had done; its pod cannot have run, so the order does not matter. Gives what to append to the
 * error: empty when all went well.
 */
async function undoAdd(group: RunnerGroup, uuid: string, ports: Ports): Promise<string> {
  const undone = await Promise.allSettled([
    ports.jobs.deleteJob(group, ports.manifests.jobName(uuid)),
    ports.runners.remove(group.scope, uuid),
  ]);
  const failures = undone.filter((result) => result.status === 'rejected');
  if (failures.length === 0) return '';
  const reasons = failures.map((failure) => sentenceOf(failure.reason)).join(' ');
  return ` Undoing it failed too, a later tick will: ${reasons}`;
}

/** A refusal is no failure: the next look finds the runner out of service still, and the group gets another. */
async function enable(action: ActionOf<'enable'>, group: RunnerGroup, ports: Ports): Promise<Outcome> {
  try {
    await ports.runners.enable(group.scope, action.runner.uuid);
    return { ...outcomeOf(action), status: 'done' };
  } catch (error) {
    if (!(error instanceof ServiceError) || error.outcome !== 'refused') throw error;
    return skipped(action, `it cannot be put back into service and will be replaced: ${error.message}`);
  }
}

async function remove(action: ActionOf<'remove'>, group: RunnerGroup, hands: Hands): Promise<Outcome> {
  const { ports, isLookYoung } = hands;
  const where = action.away ?? group;
  const veto = action.log && (await vetoOfLog(action.log, where, hands));
  if (veto !== undefined) return skipped(action, veto);
  const changed = action.lookSuffices && isLookYoung() ? undefined : await changeOf(action, group, ports);
  if (changed !== undefined) return skipped(action, changed);
  await ports.runners.remove(group.scope, action.runner.uuid);
  if (action.job !== undefined) await ports.jobs.deleteJob(where, action.job);
  return { ...outcomeOf(action), status: 'done' };
}

/** What keeps a runner that is read once more from being deleted. */
async function changeOf(
  { runner }: ActionOf<'remove'>,
  { scope }: RunnerGroup,
  { runners }: Ports,
): Promise<string | undefined> {
  const now = await runners.get(scope, runner.uuid);
  if (now === undefined) return undefined;
  if (now.hasStep && !runner.hasStep) return 'it has taken a step since';
  return now.status === runner.status && now.cordoned === runner.cordoned
    ? undefined
    : `it is ${now.statusText} by now`;
}

/** What the runner's own log has against deleting it. Without the right to read logs it has nothing. */
async function vetoOfLog(log: LogPlace, where: Namespace, { ports, note }: Hands): Promise<string | undefined> {
  try {
    const seen = await ports.jobs.stepInLog(where, log.pod, log.container);
    // One that ended without a word in the log would otherwise keep the runner for ever.
    if (seen === 'running') return log.mustBeAnswered ? 'its log shows a step that began and did not end' : undefined;
    if (seen === 'not-allowed') note(noRightToRead(where));
    if (seen === 'not-allowed' && log.onlyProof) return 'only its log could tell whether it has a step';
    return seen === 'unreadable' && log.mustBeRead
      ? 'the end of its log does not tell whether it has a step'
      : undefined;
  } catch (error) {
    return log.mustBeAnswered ? `its log cannot be read: ${sentenceOf(error)}` : undefined;
  }
}

function noRightToRead({ namespace, cluster }: Namespace): string {
  return `In namespace ${namespace} of cluster ${cluster} only Bitbucket says whether a runner is at work, since the right to get pods/log is missing; apply the component pods-log of infra/kubernetes to have the runners' logs asked too.`;
}

/** A list that was read while it changed can miss a runner, so its absence is confirmed before its Job goes. */
async function removeJob(action: ActionOf<'remove-job'>, group: RunnerGroup, ports: Ports): Promise<Outcome> {
  const now = await ports.runners.get(group.scope, bracedUuid(action.runnerUuid));
  if (now !== undefined) return skipped(action, 'its registration is there after all');
  await ports.jobs.deleteJob(action.away ?? group, action.job);
  return { ...outcomeOf(action), status: 'done' };
}

/** A pod at work must keep its node and what it needs, so before either is taken away after an old look, Bitbucket is asked again. */
async function changePod(
  action: ActionOf<'protect'> | ActionOf<'unprotect'> | ActionOf<'resize'>,
  group: RunnerGroup,
  { ports, isLookYoung }: Hands,
): Promise<Outcome> {
  const takesAway = action.action === 'unprotect' || action.reason.code === 'needs-little';
  if (takesAway && !isLookYoung()) {
    const now = await ports.runners.get(group.scope, action.runner.uuid);
    if (now?.hasStep) return skipped(action, 'it has taken a step since');
  }
  if (action.action === 'resize') return await resize(action, group, ports);
  await ports.jobs.protectPod(action.away ?? group, action.pod, action.action === 'protect');
  return { ...outcomeOf(action), status: 'done' };
}

/** Nothing is wrong with a pod that has gone meanwhile. */
async function resize(action: ActionOf<'resize'>, group: RunnerGroup, { jobs }: Ports): Promise<Outcome> {
  const { pod, container, isInit, requests, away = group } = action;
  try {
    await jobs.resizePod(away, pod, { container, ...(isInit && { isInit }), requests });
    return { ...outcomeOf(action), status: 'done' };
  } catch (error) {
    if (!(error instanceof ServiceError && error.status === 404)) throw error;
    return skipped(action, 'its pod is gone, or the cluster resizes no pods: that takes Kubernetes 1.33');
  }
}

function failed(action: Action, error: unknown): Outcome {
  return { ...outcomeOf(action), status: 'failed', error: sentenceOf(error) };
}

/** What was not even begun. */
function left(action: Action, why: string): Done {
  return { outcome: skipped(action, why), isGone: true };
}

function skipped(action: Action, why: string): Outcome {
  return { ...outcomeOf(action), status: 'skipped', error: why };
}

function outcomeOf(action: Action): Pick<Outcome, 'action' | 'runner'> {
  return { action: action.action, ...runnerOf(action) };
}
