/**
 * Rules for single values that Kubernetes' field tables do not contain: allowed words, ranges, names, quantities, and
 * fields that exclude each other. The API server has the same rules. Pure.
 */
import type * as z from 'zod';
import { labelKey, labelValue, namespace, objectName } from '#yaml/fields.ts';
import { type Finding, type Path, problem } from '#yaml/finding.ts';
import { didYouMean } from '#yaml/suggest.ts';
import { type Fields, isAbsent, quoted } from '#yaml/values.ts';

/** What is wrong with a value, in one sentence; undefined when nothing is. */
type Rule = (value: string | number) => string | undefined;

/** The same without the value at the beginning of the sentence. */
type Form = (text: string) => string | undefined;

function oneOf(...words: readonly string[]): Rule {
  const named = words.filter((word) => word !== '').join(', ');
  return (value) => {
    const text = String(value);
    return words.includes(text)
      ? undefined
      : `expected one of ${named}, got ${quoted(value)}${didYouMean(text, words)}`;
  };
}

/** Both ends belong. Only numbers are judged: a port may also be a name. */
function between(least: number, most: number): Rule {
  return (value) => {
    if (typeof value === 'number' && value < least) return `expected a number of at least ${least}, got ${value}`;
    return typeof value === 'number' && value > most ? `expected a number of at most ${most}, got ${value}` : undefined;
  };
}

function like(form: Form): Rule {
  return (value) => {
    const sentence = form(String(value));
    return sentence === undefined ? undefined : `${quoted(value)} ${sentence}`;
  };
}

function matching(pattern: RegExp, sentence: string): Form {
  return (text) => (pattern.test(text) ? undefined : sentence);
}

/** The form that the configuration has for the same kind of value. */
function asField(schema: z.ZodType): Form {
  return (text) => schema.safeParse(text).error?.issues[0]?.message;
}

const QUANTITY = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

const quantity = like((text) => {
  if (!QUANTITY.test(text)) return 'is not a quantity; write it as 512Mi, 4Gi, 500m or 2';
  return text.startsWith('-') ? 'is a negative quantity; it has to be at least 0' : undefined;
});

const dnsLabel = like(
  matching(
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    'is not a valid name: at most 63 lower-case letters, digits and dashes, and no dash at its ends',
  ),
);
const portName = matching(
  /^(?=.*[a-z])(?!.*--)[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?$/,
  'is not a valid port name: at most 15 lower-case letters, digits and single dashes, with at least one letter',
);
const dataKey = matching(
  /^(?!\.{1,2}$)[-._A-Za-z0-9]{1,253}$/,
  'is not a valid key: letters, digits, dashes, dots and underscores',
);
const resourceName = matching(
  /^(?:cpu|memory|ephemeral-storage|hugepages-.+|.+\/.+)$/,
  'is not a resource: cpu, memory, ephemeral-storage, or one with a domain such as nvidia.com/gpu',
);
const image = like(matching(/^\S+$/, 'is not an image: it is empty or holds a space'));
const mountPath = like(matching(/^[^:]+$/, 'is not a path inside a container: it is empty or holds a colon'));
const variable = like(matching(/^[^=\p{Cc}]+$/u, 'is not a valid name of an environment variable'));
const dnsName = like(asField(objectName));
const key = like(asField(labelKey));
const label = like(asField(labelValue));

const MOST = 2 ** 31 - 1;
const port = between(1, 65_535);
const fileMode = between(0, 0o777);
const whole = between(0, MOST);
const positive = between(1, MOST);
const pullPolicy = oneOf('Always', 'IfNotPresent', 'Never');
const profile = oneOf('Localhost', 'RuntimeDefault', 'Unconfined');
const selection = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** One rule for several fields of a table. */
function all(rule: Rule, ...fields: readonly string[]): Readonly<Record<string, Rule>> {
  return Object.fromEntries(fields.map((field) => [field, rule]));
}

/** By table, the fields that hold to more than their type; of lists and mappings, their items and entries. */
const RULES: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  V1AppArmorProfile: { type: profile },
  V1ConfigMapKeySelector: { name: dnsName },
  V1ConfigMapVolumeSource: { defaultMode: fileMode },
  V1Container: {
    image,
    imagePullPolicy: pullPolicy,
    name: dnsLabel,
    restartPolicy: oneOf('Always', 'OnFailure', 'Never'),
    terminationMessagePolicy: oneOf('File', 'FallbackToLogsOnError'),
  },
  V1ContainerPort: {
    containerPort: port,
    hostPort: between(0, 65_535),
    name: like(portName),
    protocol: oneOf('TCP', 'UDP', 'SCTP'),
  },
  V1ContainerResizePolicy: {
    resourceName: oneOf('cpu', 'memory'),
    restartPolicy: oneOf('NotRequired', 'RestartContainer'),
  },
  V1EmptyDirVolumeSource: { sizeLimit: quantity },
  V1EnvVar: { name: variable },
  V1GRPCAction: { port },
  V1HTTPGetAction: { port, scheme: oneOf('HTTP', 'HTTPS') },
  V1HostPathVolumeSource: {
    type: oneOf('', 'DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket', 'CharDevice', 'BlockDevice'),
  },
  V1ImageVolumeSource: { pullPolicy },
  V1JobSpec: {
    activeDeadlineSeconds: between(1, Number.MAX_SAFE_INTEGER),
    ...all(whole, 'backoffLimit', 'backoffLimitPerIndex', 'completions', 'maxFailedIndexes', 'parallelism'),
    completionMode: oneOf('NonIndexed', 'Indexed'),
    podReplacementPolicy: oneOf('TerminatingOrFailed', 'Failed'),
    ttlSecondsAfterFinished: whole,
  },
  V1KeyToPath: { mode: fileMode },
  V1LabelSelector: { matchLabels: label },
  V1LabelSelectorRequirement: { operator: oneOf(...selection) },
  V1LocalObjectReference: { name: dnsName },
  V1NodeSelectorRequirement: { operator: oneOf(...selection, 'Gt', 'Lt') },
  V1ObjectMeta: { labels: label, name: dnsName, namespace: like(asField(namespace)) },
  V1PersistentVolumeClaimSpec: {
    accessModes: oneOf('ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'),
    volumeMode: oneOf('Filesystem', 'Block'),
  },
  V1PersistentVolumeClaimVolumeSource: { claimName: dnsName },
  V1PodFailurePolicyOnExitCodesRequirement: { operator: oneOf('In', 'NotIn') },
  V1PodFailurePolicyRule: { action: oneOf('FailJob', 'FailIndex', 'Ignore', 'Count') },
  V1PodSecurityContext: {
    ...all(whole, 'fsGroup', 'runAsGroup', 'runAsUser'),
    fsGroupChangePolicy: oneOf('OnRootMismatch', 'Always'),
    supplementalGroupsPolicy: oneOf('Merge', 'Strict'),
  },
  V1PodSpec: {
    activeDeadlineSeconds: positive,
    dnsPolicy: oneOf('ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'),
    nodeSelector: label,
    overhead: quantity,
    preemptionPolicy: oneOf('PreemptLowerPriority', 'Never'),
    ...all(dnsName, 'priorityClassName', 'runtimeClassName', 'serviceAccountName'),
    restartPolicy: oneOf('OnFailure', 'Never'),
    terminationGracePeriodSeconds: between(0, Number.MAX_SAFE_INTEGER),
  },
  V1Probe: {
    ...all(positive, 'failureThreshold', 'periodSeconds', 'successThreshold', 'timeoutSeconds'),
    initialDelaySeconds: whole,
    terminationGracePeriodSeconds: between(1, Number.MAX_SAFE_INTEGER),
  },
  V1ResourceFieldSelector: { divisor: quantity },
  V1ResourceRequirements: { limits: quantity, requests: quantity },
  V1SeccompProfile: { type: profile },
  V1SecretKeySelector: { name: dnsName },
  V1SecretVolumeSource: { defaultMode: fileMode, secretName: dnsName },
  V1SecurityContext: { procMount: oneOf('Default', 'Unmasked'), runAsGroup: whole, runAsUser: whole },
  V1TCPSocketAction: { port },
  V1Toleration: {
    effect: oneOf('', 'NoSchedule', 'PreferNoSchedule', 'NoExecute'),
    key,
    operator: oneOf('', 'Exists', 'Equal', 'Lt', 'Gt'),
    value: label,
  },
  V1TopologySpreadConstraint: {
    ...all(positive, 'maxSkew', 'minDomains'),
    ...all(oneOf('Honor', 'Ignore'), 'nodeAffinityPolicy', 'nodeTaintsPolicy'),
    topologyKey: key,
    whenUnsatisfiable: oneOf('DoNotSchedule', 'ScheduleAnyway'),
  },
  V1Volume: { name: dnsLabel },
  V1VolumeMount: {
    mountPath,
    mountPropagation: oneOf('None', 'HostToContainer', 'Bidirectional'),
    name: dnsLabel,
    recursiveReadOnly: oneOf('Disabled', 'IfPossible', 'Enabled'),
  },
  V1VolumeResourceRequirements: { limits: quantity, requests: quantity },
};

/** By table, the mappings whose keys have to look like this. */
const KEYS: Readonly<Record<string, Readonly<Record<string, Form>>>> = {
  V1LabelSelector: { matchLabels: asField(labelKey) },
  V1ObjectMeta: { annotations: asField(labelKey), labels: asField(labelKey) },
  V1PodSpec: { nodeSelector: asField(labelKey) },
  V1ResourceRequirements: { limits: resourceName, requests: resourceName },
  V1Secret: { data: dataKey, stringData: dataKey },
};

/** Tables in which at most one of several fields may be given, and at least `least` of them must be. */
const ALTERNATIVES: Readonly<Record<string, { readonly least: 0 | 1; readonly besides: readonly string[] }>> = {
  V1EnvVarSource: { least: 1, besides: [] },
  V1LifecycleHandler: { least: 1, besides: [] },
  V1Probe: { least: 1, besides: Object.keys(RULES.V1Probe ?? {}) },
  // A volume without a source is an empty directory.
  V1Volume: { least: 0, besides: ['name'] },
  V1VolumeProjection: { least: 1, besides: [] },
};

/** A field of a table, such as `limits` of `V1ResourceRequirements`. */
export type FieldName = { readonly table: string; readonly field: string };

/** Whether a field holds quantities, which may be written as numbers. */
export function isQuantity({ table, field }: FieldName): boolean {
  return RULES[table]?.[field] === quantity;
}

/** What is wrong with the value of a field, an item of its list or an entry of its mapping; the type is right. */
export function valueProblem({ table, field }: FieldName, value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? RULES[table]?.[field]?.(value) : undefined;
}

/** What is wrong with a key of a mapping. */
export function keyProblem({ table, field }: FieldName, name: string): string | undefined {
  const sentence = KEYS[table]?.[field]?.(name);
  return sentence === undefined ? undefined : `${JSON.stringify(name)} ${sentence}`;
}

/** Fields given together that exclude each other, or none where one is needed. */
export function alternativeFindings(table: string, value: Fields, path: Path): readonly Finding[] {
  const rule = ALTERNATIVES[table];
  if (rule === undefined) return [];
  const given = Object.keys(value).filter((name) => !rule.besides.includes(name) && !isAbsent(value[name]));
  if (given.length < rule.least) return [problem(path, 'says nothing; give exactly one kind')];
  return given.slice(1).map((name) => problem([...path, name], `excludes ${given[0]}; keep one of them`, 'key'));
}
