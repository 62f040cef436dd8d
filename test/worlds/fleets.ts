/** The configurations of a random world, from its settings: what it begins with, and what each change makes of it. */
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import type { Instant } from '#core/model/observation.ts';
import { MINUTE_MS } from '#core/time.ts';
import type { FleetFrom, FleetSchedule } from '#kit/drive.ts';
import { group } from '#kit/fleet.ts';
import { STRATEGIES } from '#kit/strategies.ts';
import type { Change, WorldSetting } from './draw-world.ts';

/** A place in the configuration where a group stands or stood. */
type Slot = { readonly group: RunnerGroup; readonly isThere: boolean };

/** The fleets of this world, from this moment. */
export function fleetsOf(setting: WorldSetting, start: Instant): FleetSchedule {
  let slots = beginning(setting);
  const first: FleetFrom = { from: start, fleet: fleetOf(slots, setting) };
  const later = setting.changes.map((change): FleetFrom => {
    slots = slots.map((slot, index) => (index === change.group ? changed(slot, change) : slot));
    return { from: start + change.atMinute * MINUTE_MS, fleet: fleetOf(slots, setting) };
  });
  if (setting.recycle === 'never') return [first, ...later];
  // What is due would go on coming and going in the calm.
  const atRest = fleetOf(slots, setting);
  const groups = atRest.groups.map(({ recycle: _, ...group }) => group);
  return [first, ...later, { from: start + setting.minutes * MINUTE_MS, fleet: { ...atRest, groups } }];
}

/** The label by which steps ask for the group. */
export function ownLabel({ labels }: RunnerGroup): string {
  return labels.find((label) => !SYSTEM_LABELS.includes(label)) ?? 'self.hosted';
}

/** The name that a group of these worlds had before any change of it. */
export function firstName(name: string): string {
  return name.replace(/-r.*$/, '');
}

const SYSTEM_LABELS = ['autoscaler.created', 'linux', 'self.hosted'];

const RECYCLES: Readonly<Record<WorldSetting['recycle'], Partial<RunnerGroup>>> = {
  never: {},
  used: { recycle: { afterSteps: 1 } },
  stale: { recycle: { afterMs: 30 * MINUTE_MS, onChange: true } },
};

const THRIFTY = { pod: { ...group().pod, whenIdle: { requests: { cpu: '50m' } } } };

function strategyOf({ strategy: kind, learnsBuffer }: WorldSetting): Pick<RunnerGroup, 'strategy'> {
  const { strategy } = STRATEGIES[kind];
  if (!learnsBuffer || strategy.kind === 'percentageRunnersIdle') return { strategy };
  return { strategy: { ...strategy, scaleFactor: 0, scaleFactorLimit: 7, learned: true } };
}

function beginning(setting: WorldSetting): readonly Slot[] {
  const { strategy, coolDownMinutes, drainGraceSeconds, recycle, whenIdle, weights } = setting;
  const common = {
    ...STRATEGIES[strategy],
    ...strategyOf(setting),
    ...RECYCLES[recycle],
    ...(whenIdle && THRIFTY),
    coolDownMs: coolDownMinutes * MINUTE_MS,
    startTimeoutMs: 5 * MINUTE_MS,
    drainGraceMs: drainGraceSeconds * 1000,
  };
  const site = { workspace: 'acme', repository: 'site' };
  return [
    group({ ...common, name: 'builds', min: 1, max: 5 }),
    group({ ...common, name: 'big', min: 2, max: 7 }),
    group({ ...common, name: 'repo', min: 0, max: 3, scope: site }),
  ].map((entry, index) => ({ group: { ...entry, weight: weights[index] ?? 1 }, isThere: true }));
}

function fleetOf(slots: readonly Slot[], { cap, api, concurrencyLimit: limit }: WorldSetting): Fleet {
  const workspace = { maxRunners: cap, api, ...(limit !== 'none' && { concurrencyLimit: limit }) };
  return {
    groups: slots.filter(({ isThere }) => isThere).map((slot) => slot.group),
    workspaces: { acme: workspace, beta: workspace },
    clusters: { main: { kind: 'kubeconfig', context: 'main' }, other: { kind: 'kubeconfig', context: 'other' } },
  };
}

function changed({ group: before, isThere }: Slot, change: Change): Slot {
  const isThereNow = change.what === 'returned' || (isThere && change.what !== 'removed');
  return { group: { ...before, ...over(before, change) }, isThere: isThereNow };
}

function over({ name, min, max, scope, cluster }: RunnerGroup, change: Change): Partial<RunnerGroup> {
  const { version } = change;
  switch (change.what) {
    case 'removed':
    case 'returned':
      return {};
    case 'max':
      return { max: change.value, min: Math.min(min, change.value) };
    case 'min':
      return { min: Math.min(max, change.value) };
    case 'labels':
      return { labels: [...SYSTEM_LABELS, `${name}-v${version}`].sort() };
    case 'namespace':
      return { namespace: `runners-${version}` };
    case 'cluster':
      return { cluster: cluster === 'main' ? 'other' : 'main' };
    case 'repository':
      return { scope: { ...scope, repository: `site-${version}` } };
    case 'workspace':
      return { scope: { ...scope, workspace: scope.workspace === 'acme' ? 'beta' : 'acme' } };
    case 'name':
      return { name: `${name}-r${version}` };
  }
}
