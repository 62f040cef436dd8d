/**
 * A checked configuration as the fleet that the rest of the program knows: defaults filled in, references resolved,
 * label sets completed. Pure.
 */
import { stayOf } from '#core/decide/strategies/index.ts';
import type {
  ClusterSettings,
  Fleet,
  JobTemplate,
  PodSettings,
  Recycle,
  RunnerGroup,
  WorkspaceSettings,
} from '#core/model/configuration.ts';
import { canonicalBitbucketName } from '#yaml/fields.ts';
import { ARCHITECTURE_LABEL, architectureOf, registeredLabels } from './labels.ts';
import { settingsOf } from './parameters.ts';
import { type ClusterConfig, type Config, type GroupConfig, WORKSPACE_DEFAULTS } from './schema.ts';

/** What the file alone does not say. */
type FleetContext = {
  /** The texts behind `jobTemplates`, by name; at least those that groups use. */
  readonly templates: ReadonlyMap<string, JobTemplate>;
  /** Why a template that groups use could not be had, by its name: these groups are unready. */
  readonly unread?: ReadonlyMap<string, string>;
  /** The cluster of files that define none. */
  readonly defaultCluster: ClusterSettings;
  /** Where a path that the file mentions leads. */
  readonly resolve: (path: string) => string;
};

/** The fleet that a configuration without problems describes. */
export function toFleet(config: Config, context: FleetContext): Fleet {
  const clusters = clustersOf(config, context);
  const [onlyCluster] = Object.keys(clusters).length === 1 ? Object.keys(clusters) : [];
  const coolDownMs = config.constants?.runner_cool_down_period;
  const groups = config.groups.flatMap((group) =>
    toRunnerGroup(group, { cluster: onlyCluster ?? 'default', coolDownMs, ...context }),
  );
  return {
    groups,
    workspaces: workspacesOf(config),
    clusters,
    ...(config.pollEvery === undefined ? {} : { pollEveryMs: config.pollEvery }),
  };
}

function toRunnerGroup(
  group: GroupConfig,
  defaults: { cluster: string; coolDownMs: number | undefined } & Pick<FleetContext, 'templates' | 'unread'>,
): readonly RunnerGroup[] {
  const strategy = settingsOf(group);
  // The checks have made sure of it; the type cannot know.
  if (strategy === undefined) return [];
  const stay = stayOf(strategy);
  const unready = group.jobTemplate === undefined ? undefined : defaults.unread?.get(group.jobTemplate);
  return [
    {
      name: group.name,
      scope: { workspace: group.workspace, ...(group.repository ? { repository: group.repository } : {}) },
      labels: registeredLabels(group.labels, architectureOf(group)),
      cluster: group.cluster ?? defaults.cluster,
      namespace: group.namespace,
      strategy,
      min: group.parameters.min,
      max: group.parameters.max,
      schedules: group.schedules,
      stabilisationWindowMs: group.stabilisationWindow ?? stay.stabilisationWindowMs,
      ...(group.wake && { wake: { from: group.wake.from, max: group.wake.max, forMs: group.wake.for } }),
      weight: group.weight,
      coolDownMs: group.coolDown ?? defaults.coolDownMs ?? stay.coolDownMs,
      startTimeoutMs: group.startTimeout,
      drainGraceMs: group.drainGrace,
      maxCreatesPerTick: group.maxCreatesPerTick,
      ...(group.recycle && { recycle: recycleOf(group.recycle) }),
      pod: podSettings(group, defaults.templates),
      ...(unready && { unready }),
    },
  ];
}

function recycleOf({ afterSteps, after, onChange }: NonNullable<GroupConfig['recycle']>): Recycle {
  return {
    ...(afterSteps && { afterSteps }),
    ...(after !== undefined && { afterMs: after }),
    ...(onChange && { onChange }),
  };
}

function podSettings(group: GroupConfig, templates: FleetContext['templates']): PodSettings {
  return {
    template: group.jobTemplate === undefined ? undefined : templates.get(group.jobTemplate),
    size: group.size,
    architecture: architectureOf(group),
    resources: group.resources ?? undefined,
    runnerResources: group.runnerResources ?? undefined,
    labels: group.podLabels,
    annotations: group.podAnnotations,
    nodeSelector: {
      ...(group.architecture && { [ARCHITECTURE_LABEL]: group.architecture }),
      ...group.nodeSelector,
      ...group.node_selector,
    },
    tolerations: group.tolerations,
    serviceAccountName: group.serviceAccountName,
    automountServiceAccountToken: group.automountServiceAccountToken,
    images: group.images,
    priorityClassName: group.priorityClassName,
    ...(group.whenIdle && { whenIdle: group.whenIdle }),
    env: group.env,
  };
}

function clustersOf(config: Config, context: FleetContext): Fleet['clusters'] {
  const defined = Object.entries(config.clusters).flatMap(([name, cluster]) =>
    clusterSettings(cluster, context).map((settings): [string, ClusterSettings] => [name, settings]),
  );
  return defined.length === 0 ? { default: context.defaultCluster } : Object.fromEntries(defined);
}

/** One settings object; the schema's checks leave exactly one of the two kinds. */
function clusterSettings({ eks, kubeconfig }: ClusterConfig, context: FleetContext): readonly ClusterSettings[] {
  if (eks !== undefined) return [{ kind: 'eks', ...eks }];
  if (kubeconfig === undefined) return [];
  const { path, context: kubeContext } = kubeconfig;
  return [{ kind: 'kubeconfig', path: path === undefined ? undefined : context.resolve(path), context: kubeContext }];
}

function workspacesOf(config: Config): Fleet['workspaces'] {
  const listed = new Map(
    Object.entries(config.workspaces).map(([key, settings]) => [canonicalBitbucketName(key), settings]),
  );
  const used = new Set(config.groups.map((group) => group.workspace));
  const entries = [...used].map((name): [string, WorkspaceSettings] => [name, listed.get(name) ?? WORKSPACE_DEFAULTS]);
  return Object.fromEntries(entries);
}
