/**
 * Carries a plan out, one whole runner per action, in parallel with a bound, after it has claimed every group that it is
 * going to change (claim.ts).
 *
 * In: register → Job → Secret owned by the Job. The pod waits for its Secret, so until the last step nothing runs and
 * every step before it can be undone. Out: disable, and on a later tick delete the registration, then the Job.
 */
import pLimit, { type LimitFunction } from 'p-limit';
import { claimGroups, noteRefusedStarts } from './claim.ts';
import { isOutOfService } from './decide/classify.ts';
import { BudgetError, InputError, ServiceError, sentenceOf } from './errors.ts';
import type { RunnerGroup } from './model/configuration.ts';
import type { Action, Applied, GroupPlan, Outcome, Plan, Registration } from './model/decision.ts';
import type { ScopeIdentity } from './model/observation.ts';
import { runnerOf } from './plan.ts';
import type { Ports } from './ports.ts';
import { bracedUuid } from './uuid.ts';

/** Whole-runner actions in flight at once, over all groups: what one group may create by default goes out in one wave. */
const CONCURRENT_ACTIONS = 50;

/**
 * Does what the plan says. Never throws: what fails is an outcome, and the next tick finds and repairs the rest. Once
 * `hasTime` says no, what has not begun is left to the next tick, so that nothing is cut off half-way.
 */
export async function apply(plan: Plan, ports: Ports, hasTime: () => boolean = () => true): Promise<Applied> {
  const claim = await claimGroups(plan, ports.state);
  const limit = pLimit(CONCURRENT_ACTIONS);
  const done = await Promise.all(
    plan.groups.map(async (group) => {
      const lost = claim.lost.get(group.group.name);
      return {
        group,
        ...(lost === undefined ? await applyGroup(group, limit, ports, hasTime) : leaveAlone(group, lost)),
      };
    }),
  );
  const refused = done.flatMap(({ group, refusal: cause }) => (cause === undefined ? [] : [{ group, cause }]));
  return {
    outcomes: new Map(done.map(({ group, outcomes }) => [group.group.name, outcomes])),
    problems: [...claim.problems, ...(await noteRefusedStarts(refused, plan, ports.state))],
  };
}

type GroupApplied = {
  readonly outcomes: readonly Outcome[];
  /** Why starts were refused, where none succeeded. */
  readonly refusal: string | undefined;
};

function leaveAlone({ actions }: GroupPlan, why: string): GroupApplied {
  return { outcomes: actions.map((action) => skipped(action, why)), refusal: undefined };
}

async function applyGroup(
  { group, actions }: GroupPlan,
  limit: LimitFunction,
  ports: Ports,
  hasTime: () => boolean,
): Promise<GroupApplied> {
  const adds = actions.some(({ action }) => action === 'add');
  const broken = adds ? brokenTemplate(group, ports) : undefined;
  const refusals: string[] = [];
  const outcomes = await Promise.all(
    actions.map((action) =>
      // Before anything is registered that would only have to be taken back.
      action.action === 'add' && broken !== undefined
        ? failed(action, broken)
        : limit(async () =>
            hasTime()
              ? await perform(action, group, ports, refusals)
              : skipped(action, 'no time was left; the next tick goes on'),
          ),
    ),
  );
  // Where one start succeeds the group can start runners.
  const started = outcomes.some(({ action, status }) => action === 'add' && status === 'done');
  const [refusal] = started ? [] : refusals;
  return { outcomes, refusal };
}

/** Takes down that a start was refused. A connection that broke is no refusal: the next try may well succeed. */
function noteRefusal(error: unknown, refusals: string[]): void {
  if (!(error instanceof ServiceError && error.outcome === 'unknown')) refusals.push(sentenceOf(error));
}

function brokenTemplate(group: RunnerGroup, { manifests }: Ports): InputError | undefined {
  const problems = manifests.problems(group);
  return problems.length === 0 ? undefined : new InputError(problems);
}

async function perform(action: Action, group: RunnerGroup, ports: Ports, refusals: string[]): Promise<Outcome> {
  try {
    switch (action.action) {
      case 'add':
        return await add(action, group, ports, refusals);
      case 'disable':
        return await disable(action, group, ports);
      case 'remove':
        return await remove(action, group, ports);
      case 'remove-job':
        return await removeJob(action, group, ports);
      case 'protect':
      case 'unprotect':
        return await changeProtection(action, group, ports);
    }
  } catch (error) {
    // A call that was not made is no failure: the next tick asks again.
    if (error instanceof BudgetError) return skipped(action, error.message);
    if (action.action === 'add') noteRefusal(error, refusals);
    return failed(action, error);
  }
}

type ActionOf<Name extends Action['action']> = Extract<Action, { action: Name }>;

async function add(action: ActionOf<'add'>, group: RunnerGroup, ports: Ports, refusals: string[]): Promise<Outcome> {
  const registration = await ports.runners.register(group.scope, { name: group.name, labels: group.labels });
  const outcome = { action: 'add', runner: registration.runner.uuid } as const;
  try {
    await launch(registration, action.identity, group, ports);
    return { ...outcome, status: 'done' };
  } catch (error) {
    noteRefusal(error, refusals);
    // If the Secret may have arrived, the pod may be at work by now: taking it away could kill a step. It either comes
    // online or runs into its start time-out.
    const undone = error instanceof SecretMayExistError ? '' : await undoAdd(group, registration.runner.uuid, ports);
    return { ...outcome, status: 'failed', error: `${sentenceOf(error)}${undone}` };
  }
}

async function launch(
  registration: Registration,
  identity: ScopeIdentity,
  group: RunnerGroup,
  ports: Ports,
): Promise<void> {
  const { job, secret } = ports.manifests.render({
    group,
    runner: registration.runner,
    identity,
    credentials: registration,
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

async function disable(action: ActionOf<'disable'>, group: RunnerGroup, ports: Ports): Promise<Outcome> {
  const now = await ports.runners.get(group.scope, action.runner.uuid);
  if (now === undefined) return skipped(action, 'its registration is gone');
  if (now.hasStep) return skipped(action, 'it has taken a step since');
  if (isOutOfService(now)) return skipped(action, 'it is out of service already');
  await ports.runners.disable(group.scope, now.uuid);
  return { ...outcomeOf(action), status: 'done' };
}

async function remove(action: ActionOf<'remove'>, group: RunnerGroup, ports: Ports): Promise<Outcome> {
  const now = await ports.runners.get(group.scope, action.runner.uuid);
  if (now?.hasStep) return skipped(action, 'it has taken a step since');
  if (now !== undefined && (now.status !== action.runner.status || now.cordoned !== action.runner.cordoned)) {
    return skipped(action, `it is ${now.statusText} by now`);
  }
  await ports.runners.remove(group.scope, action.runner.uuid);
  if (action.job !== undefined) await ports.jobs.deleteJob(group, action.job);
  return { ...outcomeOf(action), status: 'done' };
}

/** A list that was read while it changed can miss a runner, so its absence is confirmed before its Job goes. */
async function removeJob(action: ActionOf<'remove-job'>, group: RunnerGroup, ports: Ports): Promise<Outcome> {
  const now = await ports.runners.get(group.scope, bracedUuid(action.runnerUuid));
  if (now !== undefined) return skipped(action, 'its registration is there after all');
  await ports.jobs.deleteJob(group, action.job);
  return { ...outcomeOf(action), status: 'done' };
}

/** Letting a pod go is asked of Bitbucket first, since a pod at work must keep its node. */
async function changeProtection(
  action: ActionOf<'protect'> | ActionOf<'unprotect'>,
  group: RunnerGroup,
  ports: Ports,
): Promise<Outcome> {
  if (action.action === 'unprotect') {
    const now = await ports.runners.get(group.scope, action.runner.uuid);
    if (now?.hasStep) return skipped(action, 'it has taken a step since');
  }
  await ports.jobs.protectPod(group, action.pod, action.action === 'protect');
  return { ...outcomeOf(action), status: 'done' };
}

function failed(action: Action, error: unknown): Outcome {
  return { ...outcomeOf(action), status: 'failed', error: sentenceOf(error) };
}

function skipped(action: Action, why: string): Outcome {
  return { ...outcomeOf(action), status: 'skipped', error: why };
}

function outcomeOf(action: Action): Pick<Outcome, 'action' | 'runner'> {
  return { action: action.action, ...runnerOf(action) };
}
