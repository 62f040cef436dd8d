/**
 * Atlassian's runners-autoscaler as a policy, from its documented semantics: what most of our users run today, and what
 * every other policy is compared with. Its known defects are part of it: only ONLINE runners count, so those that start
 * are ordered again on every poll; from zero it is `min` that is ordered again; below `min` it multiplies what is there.
 * Its pauses between creates are left out, which flatters it.
 */
import { ServiceError } from '#core/errors.ts';
import type { Fleet, PercentageRunnersIdle, RunnerGroup, Scope } from '#core/model/configuration.ts';
import type { Runner } from '#core/model/observation.ts';
import { scopeKey } from '#core/scope.ts';
import { MINUTE_MS } from '#core/time.ts';
import { bareManifests, type Policy, type Stage } from './policy.ts';

type Field = Pick<Stage, 'world' | 'ports'> & { readonly workspaces: Fleet['workspaces'] };

/** How its autoscaler is set up. */
type AtlassianSetting = {
  readonly name: string;
  readonly pollMs: number;
  /** For groups whose own strategy is another one; those of its example unless given. */
  readonly parameters?: PercentageRunnersIdle;
};

/** The parameters of its example configuration. */
const EXAMPLE: PercentageRunnersIdle = {
  kind: 'percentageRunnersIdle',
  scaleUpThreshold: 0.5,
  scaleDownThreshold: 0.2,
  scaleUpMultiplier: 1.5,
  scaleDownMultiplier: 0.5,
};

/** The cool-down of its example configuration: runners that are not that old stay. */
const EXAMPLE_COOL_DOWN_MS = 5 * MINUTE_MS;

/** Its autoscaler over the groups of a fleet, with their bounds and cool-downs; schedules mean nothing to it. */
export function atlassianPolicy({ name, pollMs, parameters = EXAMPLE }: AtlassianSetting, fleet: Fleet): Policy {
  const scopes = [...new Map(fleet.groups.map(({ scope }) => [scopeKey(scope), scope])).values()];
  const coolDownMs = Math.max(0, ...fleet.groups.map(coolDownOf));
  return {
    name,
    tickMs: pollMs,
    open: ({ world, barePorts: ports }) => ({
      tick: async () => {
        // An error ends the process, which Kubernetes starts anew for the next poll.
        try {
          const field = { world, ports, workspaces: fleet.workspaces };
          for (const group of fleet.groups) await poll(group, parameters, field);
          for (const scope of scopes) await cleanUp(scope, coolDownMs, field);
        } catch {
          return;
        }
      },
    }),
  };
}

/** What it does about one group. */
export type AtlassianDecision = { readonly create: number; readonly remove: number };

/** Its rule: all that it knows is how many runners are online and how many of them are busy. */
export function decideAsAtlassian(
  { scaleUpThreshold, scaleDownThreshold, scaleUpMultiplier, scaleDownMultiplier }: PercentageRunnersIdle,
  { min, max }: { readonly min: number; readonly max: number },
  { busy, idle }: { readonly busy: number; readonly idle: number },
): AtlassianDecision {
  const online = busy + idle;
  if (online === 0) return { create: min, remove: 0 };
  const share = busy / online;
  if ((share > scaleUpThreshold || online < min) && online <= max) {
    return { create: Math.max(0, Math.min(max, Math.ceil(online * scaleUpMultiplier)) - online), remove: 0 };
  }
  if (share >= scaleDownThreshold || idle <= min) return { create: 0, remove: 0 };
  return { create: 0, remove: idle - Math.max(min, Math.floor(idle * scaleDownMultiplier)) };
}

async function poll(group: RunnerGroup, parameters: PercentageRunnersIdle, field: Field): Promise<void> {
  const { world, ports } = field;
  const labels = group.labels.join(' ');
  const listed = await ports.runners.list(group.scope);
  const online = listed.filter((runner) => runner.status === 'ONLINE' && runner.labels.join(' ') === labels);
  const idle = online.filter(({ hasStep }) => !hasStep);
  const strategy = group.strategy.kind === 'percentageRunnersIdle' ? group.strategy : parameters;
  const decision = decideAsAtlassian(strategy, group, { busy: online.length - idle.length, idle: idle.length });
  for (let count = 0; count < decision.create; count += 1) {
    refuseBeyondLimit(group.scope, field);
    const { runner } = await ports.runners.register(group.scope, { name: group.name, labels: group.labels });
    const { job, secret } = bareManifests(runner.uuid, group);
    await ports.jobs.createSecret(group, secret, await ports.jobs.createJob(group, job));
  }
  const old = idle.filter(({ createdAt }) => world.now - createdAt >= coolDownOf(group)).slice(0, decision.remove);
  for (const { uuid } of old) await ports.runners.disable(group.scope, uuid);
}

/** It knows no limit of the workspace; Bitbucket refuses what goes beyond, which ends the poll. */
function refuseBeyondLimit({ workspace }: Scope, { world, workspaces }: Field): void {
  const limit = workspaces[workspace]?.maxRunners ?? Number.POSITIVE_INFINITY;
  let registered = 0;
  for (const { scope } of world.bitbucket.registered) registered += scope.workspace === workspace ? 1 : 0;
  if (registered < limit) return;
  throw new ServiceError(`Workspace ${workspace} may have ${limit} runners and has them.`, {
    service: 'bitbucket',
    outcome: 'refused',
    status: 400,
  });
}

/** Its second process. It looks at no group, and for a step only on runners that are disabled. */
/** A shorter one of ours suits rules of ours, and would have it remove runners that still start. */
function coolDownOf({ strategy, coolDownMs }: RunnerGroup): number {
  return strategy.kind === EXAMPLE.kind ? coolDownMs : Math.max(coolDownMs, EXAMPLE_COOL_DOWN_MS);
}

async function cleanUp(scope: Scope, coolDownMs: number, { world, ports }: Field): Promise<void> {
  for (const runner of await ports.runners.list(scope)) {
    if (world.now - runner.stateChangedAt < coolDownMs || !isLeftOver(runner)) continue;
    await ports.runners.remove(scope, runner.uuid);
  }
}

function isLeftOver({ status, hasStep }: Runner): boolean {
  return status === 'DISABLED' ? !hasStep : status === 'OFFLINE' || status === 'UNHEALTHY' || status === 'UNREGISTERED';
}
