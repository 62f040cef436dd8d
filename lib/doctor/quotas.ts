/** Quotas and LimitRanges of a namespace against the pods that its groups would create. Pure. */
import { highestMax } from '#core/schedule/bounds.ts';
import { parseQuantity } from '#yaml/quantity.ts';
import { type Fields, listOf, recordOf } from '#yaml/values.ts';
import { type Check, failed, NOT_ALLOWED, ok, skipped } from './check.ts';
import type { Listed } from './cluster.ts';
import { podOf, type Rendered } from './configuration.ts';

const RESOURCES = ['cpu', 'memory'] as const;
type Resource = (typeof RESOURCES)[number];
type Kind = 'requests' | 'limits';

/** Cores and bytes; what is absent is not set. */
type Amounts = Partial<Record<Resource, number>>;

/** A container with what it has once defaults are in place. */
type Container = { readonly name: string; readonly role: 'init' | 'sidecar' | 'main' } & Record<Kind, Amounts>;

/** A group's pod as the API server would settle it. */
type SettledPod = {
  readonly group: string;
  /** The most runners of the group. */
  readonly max: number;
  readonly containers: readonly Container[];
};

/** The pods of the groups, with the defaults of LimitRanges and those of Kubernetes itself. */
export function withDefaults(rendered: readonly Rendered[], ranges: Listed): readonly SettledPod[] {
  const rules = rulesOf(ranges).filter(({ type }) => type === 'Container');
  const defaults = {
    limits: amountsOf(
      Object.assign({}, ...rules.map((rule) => ({ ...recordOf(rule.max), ...recordOf(rule.default) }))),
    ),
    requests: amountsOf(Object.assign({}, ...rules.map((rule) => recordOf(rule.defaultRequest)))),
  };
  return rendered.map(({ group, preview }) => {
    const { initContainers, containers } = recordOf(podOf(preview).spec);
    const settle = (role: Container['role']) => (value: unknown) => settleContainer(recordOf(value), role, defaults);
    const early = listOf(initContainers).map((value) =>
      settle(recordOf(value).restartPolicy === 'Always' ? 'sidecar' : 'init')(value),
    );
    return {
      group: group.name,
      max: highestMax(group),
      containers: [...early, ...listOf(containers).map(settle('main'))],
    };
  });
}

function settleContainer(
  { name, resources }: Fields,
  role: Container['role'],
  defaults: Record<Kind, Amounts>,
): Container {
  const { requests, limits } = recordOf(resources);
  const ownLimits = amountsOf(limits);
  return {
    name: String(name),
    role,
    // A request that is not given is the container's own limit before it is a default.
    requests: { ...defaults.limits, ...defaults.requests, ...ownLimits, ...amountsOf(requests) },
    limits: { ...defaults.limits, ...ownLimits },
  };
}

/** What one pod takes: its containers that run together, or one that runs before them if that is more. */
export function takenBy({ containers }: SettledPod, kind: Kind): Required<Amounts> {
  const sum = (roles: readonly Container['role'][], key: Resource) =>
    containers.filter(({ role }) => roles.includes(role)).reduce((total, one) => total + (one[kind][key] ?? 0), 0);
  const taken = (key: Resource) => {
    const first = containers.filter(({ role }) => role === 'init').map((one) => one[kind][key] ?? 0);
    return Math.max(sum(['main', 'sidecar'], key), ...first.map((one) => one + sum(['sidecar'], key)));
  };
  return { cpu: taken('cpu'), memory: taken('memory') };
}

/** Holds every quota against as many pods as the groups may have. */
export function checkQuotas(subject: string, quotas: Listed, pods: readonly SettledPod[]): readonly Check[] {
  if (quotas === 'not-allowed') return [skipped('quota', subject, NOT_ALLOWED)];
  if (quotas.length === 0) return [ok('quota', subject, 'there is none')];
  const faults = quotas.flatMap((quota) => {
    const { metadata, spec } = recordOf(quota);
    // A quota with a scope counts some pods only.
    if (recordOf(spec).scopes !== undefined || recordOf(spec).scopeSelector !== undefined) return [];
    const name = String(recordOf(metadata).name);
    return Object.entries(recordOf(recordOf(spec).hard)).flatMap(([key, hard]) =>
      judgeHard(subject, name, key, hard, pods),
    );
  });
  return faults.length > 0 ? faults : [ok('quota', subject, 'there is room for max of its groups')];
}

function judgeHard(
  subject: string,
  name: string,
  key: string,
  hard: unknown,
  pods: readonly SettledPod[],
): readonly Check[] {
  const most = parseQuantity(String(hard));
  if (most === undefined) return [];
  const runners = pods.reduce((sum, { max }) => sum + max, 0);
  if (COUNTED.has(key)) {
    if (most >= runners) return [];
    return [room(subject, `quota ${name} allows ${hard} of ${key}, and max of the groups together is ${runners}`)];
  }
  const [kind, resource] = aboutOf(key);
  if (kind === undefined) return [];
  const unset = pods.flatMap(({ group, containers }) =>
    containers.filter((one) => one[kind][resource] === undefined).map((one) => `${one.name} of ${group}`),
  );
  if (unset.length > 0) {
    const detail = `quota ${name} counts ${kind}.${resource}, and these containers set none, so that their pods are refused: ${unset.join(', ')}`;
    const next = `set ${kind}.${resource} in the template or by the group's resources, or give the namespace a LimitRange with defaults`;
    return [failed('quota', subject, detail, next)];
  }
  const needed = pods.reduce((sum, pod) => sum + pod.max * takenBy(pod, kind)[resource], 0);
  if (most >= needed) return [];
  const detail = `quota ${name} allows ${hard} of ${key}, and max of the groups takes ${written(needed, resource)}`;
  return [room(subject, detail)];
}

const COUNTED = new Set(['pods', 'count/pods', 'count/jobs.batch', 'count/secrets', 'secrets']);

/** `requests.cpu`, `cpu` → requests of cpu. */
function aboutOf(key: string): readonly [Kind, Resource] | readonly [undefined, undefined] {
  const [, kind = 'requests', name] = /^(?:(requests|limits)\.)?(cpu|memory)$/.exec(key) ?? [];
  if (name === undefined) return [undefined, undefined];
  return [kind as Kind, name as Resource];
}

function room(subject: string, detail: string): Check {
  return failed('quota', subject, detail, 'raise the quota, or lower max of the groups in this namespace');
}

/** Holds every container against the bounds of LimitRanges. */
export function checkLimitRanges(subject: string, ranges: Listed, pods: readonly SettledPod[]): readonly Check[] {
  if (ranges === 'not-allowed') return [skipped('limit-range', subject, NOT_ALLOWED)];
  if (ranges.length === 0) return [ok('limit-range', subject, 'there is none')];
  const rules = rulesOf(ranges);
  const faults = pods.flatMap((pod) => rules.flatMap((rule) => faultsOf(pod, rule)));
  if (faults.length === 0) return [ok('limit-range', subject, 'the pods of its groups fit')];
  const next = "change the group's size or resources (runnerResources for the runner container), or the LimitRange";
  return faults.map((fault) => failed('limit-range', subject, fault, next));
}

function faultsOf(pod: SettledPod, rule: Fields): readonly string[] {
  const [max, min] = [amountsOf(rule.max), amountsOf(rule.min)];
  const parts =
    rule.type === 'Pod'
      ? [{ name: 'the pod', requests: takenBy(pod, 'requests'), limits: takenBy(pod, 'limits') }]
      : rule.type === 'Container'
        ? pod.containers.map((one) => ({ ...one, name: `container ${one.name}` }))
        : [];
  return parts.flatMap(({ name, requests, limits }) =>
    RESOURCES.flatMap((key) => {
      const [least = 0, most = Number.POSITIVE_INFINITY] = [min[key], max[key]];
      const [asked = 0, limit = 0] = [requests[key], limits[key]];
      if (Math.max(asked, limit) > most) {
        return [
          `${name} of ${pod.group} takes ${written(Math.max(asked, limit), key)} of ${key}, and at most ${written(most, key)} is allowed`,
        ];
      }
      if (asked < least) {
        return [
          `${name} of ${pod.group} asks for ${written(asked, key)} of ${key}, and at least ${written(least, key)} is wanted`,
        ];
      }
      return limit > 0 && asked > limit
        ? [
            `${name} of ${pod.group} asks for ${written(asked, key)} of ${key}, more than the limit of ${written(limit, key)} that it gets by default`,
          ]
        : [];
    }),
  );
}

function rulesOf(ranges: Listed): readonly Fields[] {
  if (ranges === 'not-allowed') return [];
  return ranges.flatMap((range) => listOf(recordOf(recordOf(range).spec).limits)).map(recordOf);
}

/** Quantities as numbers; what is no quantity is left out. */
export function amountsOf(value: unknown): Amounts {
  const entries = RESOURCES.flatMap((key): readonly [Resource, number][] => {
    const amount = parseQuantity(String(recordOf(value)[key] ?? ''));
    return amount === undefined ? [] : [[key, amount]];
  });
  return Object.fromEntries(entries);
}

/** `1.5` cores, `4.5Gi` */
export function written(amount: number, resource: Resource): string {
  if (resource === 'cpu') return `${Math.round(amount * 1000) / 1000}`;
  return amount >= 2 ** 30 ? `${Math.round((amount / 2 ** 30) * 100) / 100}Gi` : `${Math.round(amount / 2 ** 20)}Mi`;
}
