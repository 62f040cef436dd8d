/**
 * What Kubernetes' field tables do not say of single values: allowed words, ranges, names, quantities, and which fields
 * exclude each other. The rules are those of the API server's own validation. Pure.
 */
import type * as z from 'zod';
import { labelKey, labelValue, namespace, objectName } from '#yaml/fields.ts';
import { type Finding, type Path, problem } from '#yaml/finding.ts';
import { didYouMean } from '#yaml/suggest.ts';
import type { Fields } from './shapes.ts';

/** One sentence about a value, without the value; undefined when nothing is wrong with it. */
type Rule = (value: string | number) => string | undefined;

const MOST_SECONDS = 2 ** 31 - 1;
const PORT = [1, 65_535] as const;

/** Fields that know only these words. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  'V1AppArmorProfile.type': ['Localhost', 'RuntimeDefault', 'Unconfined'],
  'V1Container.imagePullPolicy': ['Always', 'IfNotPresent', 'Never'],
  'V1Container.restartPolicy': ['Always', 'OnFailure', 'Never'],
  'V1Container.terminationMessagePolicy': ['File', 'FallbackToLogsOnError'],
  'V1ContainerPort.protocol': ['TCP', 'UDP', 'SCTP'],
  'V1ContainerResizePolicy.resourceName': ['cpu', 'memory'],
  'V1ContainerResizePolicy.restartPolicy': ['NotRequired', 'RestartContainer'],
  'V1HTTPGetAction.scheme': ['HTTP', 'HTTPS'],
  'V1HostPathVolumeSource.type': [
    '',
    'DirectoryOrCreate',
    'Directory',
    'FileOrCreate',
    'File',
    'Socket',
    'CharDevice',
    'BlockDevice',
  ],
  'V1ImageVolumeSource.pullPolicy': ['Always', 'IfNotPresent', 'Never'],
  'V1JobSpec.completionMode': ['NonIndexed', 'Indexed'],
  'V1JobSpec.podReplacementPolicy': ['TerminatingOrFailed', 'Failed'],
  'V1LabelSelectorRequirement.operator': ['In', 'NotIn', 'Exists', 'DoesNotExist'],
  'V1NodeSelectorRequirement.operator': ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'],
  'V1PersistentVolumeClaimSpec.accessModes': ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'],
  'V1PersistentVolumeClaimSpec.volumeMode': ['Filesystem', 'Block'],
  'V1PodFailurePolicyOnExitCodesRequirement.operator': ['In', 'NotIn'],
  'V1PodFailurePolicyRule.action': ['FailJob', 'FailIndex', 'Ignore', 'Count'],
  'V1PodSecurityContext.fsGroupChangePolicy': ['OnRootMismatch', 'Always'],
  'V1PodSecurityContext.supplementalGroupsPolicy': ['Merge', 'Strict'],
  'V1PodSpec.dnsPolicy': ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'],
  'V1PodSpec.preemptionPolicy': ['PreemptLowerPriority', 'Never'],
  'V1PodSpec.restartPolicy': ['OnFailure', 'Never'],
  'V1SeccompProfile.type': ['Localhost', 'RuntimeDefault', 'Unconfined'],
  'V1SecurityContext.procMount': ['Default', 'Unmasked'],
  'V1Toleration.effect': ['', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'],
  'V1Toleration.operator': ['', 'Exists', 'Equal', 'Lt', 'Gt'],
  'V1TopologySpreadConstraint.nodeAffinityPolicy': ['Honor', 'Ignore'],
  'V1TopologySpreadConstraint.nodeTaintsPolicy': ['Honor', 'Ignore'],
  'V1TopologySpreadConstraint.whenUnsatisfiable': ['DoNotSchedule', 'ScheduleAnyway'],
  'V1VolumeMount.mountPropagation': ['None', 'HostToContainer', 'Bidirectional'],
  'V1VolumeMount.recursiveReadOnly': ['Disabled', 'IfPossible', 'Enabled'],
};

/** Fields that know only these numbers; both ends belong. */
const RANGES: Readonly<Record<string, readonly [least: number, most: number]>> = {
  'V1ContainerPort.containerPort': PORT,
  'V1ContainerPort.hostPort': [0, 65_535],
  'V1ConfigMapVolumeSource.defaultMode': [0, 0o777],
  'V1GRPCAction.port': PORT,
  'V1HTTPGetAction.port': PORT,
  'V1JobSpec.activeDeadlineSeconds': [1, Number.MAX_SAFE_INTEGER],
  'V1JobSpec.backoffLimit': [0, MOST_SECONDS],
  'V1JobSpec.backoffLimitPerIndex': [0, MOST_SECONDS],
  'V1JobSpec.completions': [0, MOST_SECONDS],
  'V1JobSpec.maxFailedIndexes': [0, MOST_SECONDS],
  'V1JobSpec.parallelism': [0, MOST_SECONDS],
  'V1JobSpec.ttlSecondsAfterFinished': [0, MOST_SECONDS],
  'V1KeyToPath.mode': [0, 0o777],
  'V1PodSecurityContext.fsGroup': [0, MOST_SECONDS],
  'V1PodSecurityContext.runAsGroup': [0, MOST_SECONDS],
  'V1PodSecurityContext.runAsUser': [0, MOST_SECONDS],
  'V1PodSpec.activeDeadlineSeconds': [1, MOST_SECONDS],
  'V1PodSpec.terminationGracePeriodSeconds': [0, Number.MAX_SAFE_INTEGER],
  'V1Probe.failureThreshold': [1, MOST_SECONDS],
  'V1Probe.initialDelaySeconds': [0, MOST_SECONDS],
  'V1Probe.periodSeconds': [1, MOST_SECONDS],
  'V1Probe.successThreshold': [1, MOST_SECONDS],
  'V1Probe.terminationGracePeriodSeconds': [1, Number.MAX_SAFE_INTEGER],
  'V1Probe.timeoutSeconds': [1, MOST_SECONDS],
  'V1SecretVolumeSource.defaultMode': [0, 0o777],
  'V1SecurityContext.runAsGroup': [0, MOST_SECONDS],
  'V1SecurityContext.runAsUser': [0, MOST_SECONDS],
  'V1TCPSocketAction.port': PORT,
  'V1TopologySpreadConstraint.maxSkew': [1, MOST_SECONDS],
  'V1TopologySpreadConstraint.minDomains': [1, MOST_SECONDS],
};

const QUANTITIES: ReadonlySet<string> = new Set([
  'V1EmptyDirVolumeSource.sizeLimit',
  'V1PodSpec.overhead',
  'V1ResourceFieldSelector.divisor',
  'V1ResourceRequirements.limits',
  'V1ResourceRequirements.requests',
  'V1VolumeResourceRequirements.limits',
  'V1VolumeResourceRequirements.requests',
]);

const dnsLabel = matching(
  /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
  'is not a valid name: at most 63 lower-case letters, digits and dashes, and no dash at its ends',
);
const dnsName = asField(objectName);
const image = matching(/^\S+$/, 'is not an image: it is empty or holds a space');
const mountPath = matching(/^[^:]+$/, 'is not a path inside a container: it is empty or holds a colon');
const dataKey = matching(
  /^(?!\.{1,2}$)[-._A-Za-z0-9]{1,253}$/,
  'is not a valid key: letters, digits, dashes, dots and underscores',
);

const resourceName = matching(
  /^(?:cpu|memory|ephemeral-storage|hugepages-.+|.+\/.+)$/,
  'is not a resource: cpu, memory, ephemeral-storage, or one with a domain such as nvidia.com/gpu',
);

/** Fields, and values of mappings, that have to look like this. */
const FORMS: Readonly<Record<string, Rule>> = {
  'V1ConfigMapKeySelector.name': dnsName,
  'V1Container.image': image,
  'V1Container.name': dnsLabel,
  'V1ContainerPort.name': matching(
    /^(?=.*[a-z])(?!.*--)[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?$/,
    'is not a valid port name: at most 15 lower-case letters, digits and single dashes, with at least one letter',
  ),
  'V1EnvVar.name': matching(/^[^=\p{Cc}]+$/u, 'is not a valid name of an environment variable'),
  'V1LabelSelector.matchLabels': asField(labelValue),
  'V1LocalObjectReference.name': dnsName,
  'V1ObjectMeta.labels': asField(labelValue),
  'V1ObjectMeta.name': dnsName,
  'V1ObjectMeta.namespace': asField(namespace),
  'V1PersistentVolumeClaimVolumeSource.claimName': dnsName,
  'V1PodSpec.nodeSelector': asField(labelValue),
  'V1PodSpec.priorityClassName': dnsName,
  'V1PodSpec.runtimeClassName': dnsName,
  'V1PodSpec.serviceAccountName': dnsName,
  'V1SecretKeySelector.name': dnsName,
  'V1SecretVolumeSource.secretName': dnsName,
  'V1Toleration.key': asField(labelKey),
  'V1Toleration.value': asField(labelValue),
  'V1TopologySpreadConstraint.topologyKey': asField(labelKey),
  'V1Volume.name': dnsLabel,
  'V1VolumeMount.mountPath': mountPath,
  'V1VolumeMount.name': dnsLabel,
};

/** Mappings whose keys have to look like this. */
const KEYS: Readonly<Record<string, Rule>> = {
  'V1LabelSelector.matchLabels': asField(labelKey),
  'V1ObjectMeta.annotations': asField(labelKey),
  'V1ObjectMeta.labels': asField(labelKey),
  'V1PodSpec.nodeSelector': asField(labelKey),
  'V1ResourceRequirements.limits': resourceName,
  'V1ResourceRequirements.requests': resourceName,
  'V1Secret.data': dataKey,
  'V1Secret.stringData': dataKey,
};

/** Tables of which only one of several fields may be given, and at least so many of them must be. */
const ALTERNATIVES: Readonly<Record<string, { readonly least: 0 | 1; readonly besides: readonly string[] }>> = {
  V1EnvVarSource: { least: 1, besides: [] },
  V1LifecycleHandler: { least: 1, besides: [] },
  V1Probe: {
    least: 1,
    besides: [
      'failureThreshold',
      'initialDelaySeconds',
      'periodSeconds',
      'successThreshold',
      'terminationGracePeriodSeconds',
      'timeoutSeconds',
    ],
  },
  // A volume without a source is an empty directory.
  V1Volume: { least: 0, besides: ['name'] },
  V1VolumeProjection: { least: 1, besides: [] },
};

/** Whether a field such as `V1ResourceRequirements.limits` holds quantities, which may be written as numbers. */
export function isQuantity(field: string): boolean {
  return QUANTITIES.has(field);
}

/** What is wrong with the value of a field, an item of its list or an entry of its mapping; the type is right. */
export function valueProblem(field: string, value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const broken = wordProblem(field, value) ?? rangeProblem(field, value);
  if (broken !== undefined) return broken;
  const rule = isQuantity(field) ? quantityProblem : FORMS[field];
  const sentence = rule?.(value);
  return sentence === undefined ? undefined : `${shown(value)} ${sentence}`;
}

/** What is wrong with a key of a mapping, without the key. */
export function keyProblem(field: string, key: string): string | undefined {
  return KEYS[field]?.(key);
}

/** Fields given together that exclude each other, or none where one is needed. */
export function alternativeFindings(table: string, value: Fields, path: Path): readonly Finding[] {
  const rule = ALTERNATIVES[table];
  if (rule === undefined) return [];
  const given = Object.keys(value).filter((key) => !rule.besides.includes(key) && (value[key] ?? null) !== null);
  if (given.length < rule.least) return [problem(path, 'says nothing; give exactly one kind')];
  return given.slice(1).map((key) => problem([...path, key], `excludes ${given[0]}; keep one of them`, 'key'));
}

function wordProblem(field: string, value: string | number): string | undefined {
  const words = WORDS[field];
  const text = String(value);
  if (words === undefined || words.includes(text)) return undefined;
  return `expected one of ${words.filter((word) => word !== '').join(', ')}, got ${shown(value)}${didYouMean(text, words)}`;
}

function rangeProblem(field: string, value: string | number): string | undefined {
  const range = RANGES[field];
  // A port may also be a name.
  if (range === undefined || typeof value === 'string') return undefined;
  const [least, most] = range;
  if (value < least) return `expected a number of at least ${least}, got ${value}`;
  return value > most ? `expected a number of at most ${most}, got ${value}` : undefined;
}

const QUANTITY = /^([+-]?)(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

function quantityProblem(value: string | number): string | undefined {
  const match = QUANTITY.exec(String(value));
  if (match === null) return 'is not a quantity; write it as 512Mi, 4Gi, 500m or 2';
  return match[1] === '-' ? 'is a negative quantity; it has to be at least 0' : undefined;
}

function matching(pattern: RegExp, sentence: string): Rule {
  return (value) => (pattern.test(String(value)) ? undefined : sentence);
}

/** The rule that the configuration has for the same kind of value. */
function asField(schema: z.ZodType): Rule {
  return (value) => schema.safeParse(value).error?.issues[0]?.message;
}

function shown(value: string | number): string {
  const text = String(value);
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : value);
}
