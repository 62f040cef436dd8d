/**
 * The configuration file: every key, what it may be, its default and its meaning, each taken by itself. What relates
 * several keys is in `checks.ts`. The JSON Schema for editors is made from the same source. Pure.
 */
import * as z from 'zod';
import {
  bitbucketKey,
  bitbucketName,
  cpu,
  displayName,
  duration,
  image,
  labelKey,
  labelValue,
  memory,
  namespace,
  objectName,
  pollInterval,
  reference,
  repositoryPath,
  runnerLabel,
  text,
  variableName,
  variableValue,
  wakeTime,
} from '#yaml/fields.ts';
import { isRecord } from '#yaml/values.ts';
import { Schedule } from './schedule-schema.ts';
import { editorRules, Parameters, STRATEGY_NAMES } from './strategy-schema.ts';

const Amounts = z.strictObject({ memory: memory.optional(), cpu: cpu.optional() });

const Resources = z.strictObject({
  requests: Amounts.optional().meta({ description: 'What the scheduler sets aside.' }),
  limits: Amounts.optional().meta({ description: 'What may be used at most.' }),
});

const Size = z
  .union([z.enum(['1x', '2x', '4x', '8x']), z.strictObject({ memory, cpu })], {
    error: 'expected 1x, 2x, 4x or 8x, or a size of your own such as { memory: 12Gi, cpu: 3 }',
  })
  .default('1x');

const Images = z.strictObject({
  runner: image.optional().meta({ description: 'Of the runner.' }),
  docker: image.optional().meta({ description: 'Of the Docker daemon in which steps run.' }),
});

const Toleration = z.strictObject({
  key: labelKey.optional(),
  operator: z.enum(['Exists', 'Equal']).optional(),
  value: labelValue.optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional(),
  tolerationSeconds: z.int().min(0).optional(),
});

const WhenIdle = z.strictObject({
  requests: Amounts.refine((amounts) => Object.keys(amounts).length > 0, {
    error: 'names neither cpu nor memory',
  }).meta({
    description: 'What the docker container asks for while its runner is idle; its limits stay.',
  }),
});

const AT_LEAST = 'expected a duration of 10m or more, such as 24h: a start takes minutes';

const Recycle = z.strictObject({
  afterSteps: z.literal(1).optional().meta({
    description: 'A runner takes one step, and is replaced.',
  }),
  after: duration
    .refine((ms) => ms >= 600_000, { error: AT_LEAST })
    .optional()
    .meta({
      description: 'A runner that is older is replaced when it is idle.',
    }),
  onChange: z.boolean().optional().meta({
    description: 'A changed template, image or setting reaches runners that are there, when they are idle.',
  }),
});

const Wake = z.strictObject({
  from: z.array(repositoryPath).min(1).meta({
    description: 'The repositories whose pipelines may ask, as workspace/repository.',
  }),
  max: z.int().min(1).meta({ description: 'The most runners that all who ask get together.' }),
  for: wakeTime.prefault('10m').meta({ description: 'How long what a step asked for is kept.' }),
});

/** One entry of `groups`. */
export const Group = z
  .strictObject({
    name: displayName.meta({ description: 'Shown in the report and, with a suffix, in the Bitbucket UI; unique.' }),
    workspace: bitbucketName.meta({ description: 'Slug or {uuid}.' }),
    repository: bitbucketName.nullish().meta({
      description:
        'Slug or {uuid} of the repository that the runners belong to; without it, they belong to the workspace.',
    }),
    labels: z.array(runnerLabel).meta({
      description:
        'What steps ask for in runs-on: lower-case letters, digits and dots. "self.hosted", "linux" or "linux.arm64", and "autoscaler.created" are added; at most 10 in total.',
    }),
    namespace: namespace.meta({ description: 'The Kubernetes namespace of the runner Jobs; it has to exist.' }),
    strategy: z.enum(STRATEGY_NAMES).meta({ description: 'The rule by which the group is scaled.' }),
    parameters: Parameters,
    resources: Resources.nullish().meta({ description: 'Memory and CPU; where given they win over size.' }),
    runnerResources: Resources.nullish().meta({
      description:
        'Memory and CPU of the runner container, which only talks to Bitbucket. An amount that is given wins over the template.',
    }),
    podLabels: z.record(labelKey, labelValue).optional().meta({ description: 'Labels of the pods.' }),
    podAnnotations: z.record(labelKey, text).optional().meta({ description: 'Annotations of the pods.' }),
    cluster: reference.optional().meta({ description: 'An entry of clusters; not needed when there is only one.' }),
    jobTemplate: reference
      .optional()
      .meta({ description: 'An entry of jobTemplates; default: the built-in template.' }),
    size: Size.meta({
      description:
        'Sizes the docker container, in which steps run: 4, 8, 16 or 32 GB, or memory and cpu as Kubernetes quantities.',
    }),
    architecture: z
      .enum(['amd64', 'arm64'])
      .optional()
      .meta({ description: 'Of the nodes; arm64 has the label linux.arm64 instead of linux. Default: amd64.' }),
    nodeSelector: z
      .record(labelKey, labelValue)
      .default({})
      .meta({ description: 'Node labels that the pods ask for, besides those of the template.' }),
    node_selector: z.record(labelKey, labelValue).default({}).meta({
      description: "Atlassian's name of nodeSelector. Both are taken together; this one wins.",
    }),
    tolerations: z.array(Toleration).default([]).meta({ description: 'Node taints that the pods tolerate.' }),
    serviceAccountName: objectName.optional().meta({ description: 'The pods run as this service account.' }),
    automountServiceAccountToken: z.boolean().optional().meta({
      description: "Whether its token is mounted, where every build can read it; default: the template's word.",
    }),
    images: Images.optional().meta({
      description: "Images instead of the template's, such as fixed versions or digests.",
    }),
    priorityClassName: objectName.optional().meta({ description: 'The priority class of the pods.' }),
    env: z
      .record(variableName, variableValue)
      .default({})
      .meta({ description: 'Environment variables of the runner container; no secrets here.' }),
    coolDown: duration.optional().meta({
      description:
        'How long a runner must have been idle before it may go; default: constants.runner_cool_down_period, else 5m, or 2m where the buffer is learned.',
    }),
    stabilisationWindow: duration.optional().meta({
      description:
        'For how long the highest target still counts when runners are to go; default: 5m, 2m where the buffer is learned, and 0 for percentageRunnersIdle.',
    }),
    repositories: z.array(bitbucketName).min(1).optional().meta({
      description: 'queueAware: the repositories of the workspace whose waiting steps are counted; default: all.',
    }),
    repositoryQuery: text.optional().meta({
      description: "queueAware: which repositories, in Bitbucket's query language, instead of repositories.",
    }),
    startTimeout: duration
      .prefault('10m')
      .meta({ description: 'How long a runner may take from registration to ONLINE before it is given up.' }),
    drainGrace: duration
      .prefault('90s')
      .meta({ description: 'How long a disabled runner must have shown no step before it is deleted.' }),
    maxCreatesPerTick: z
      .int()
      .min(1)
      .default(50)
      .meta({ description: 'The most runners that one tick registers for the group.' }),
    recycle: Recycle.optional().meta({ description: 'When runners that work are replaced; default: never.' }),
    whenIdle: WhenIdle.optional().meta({
      description: 'What idle runners reserve; their pods are resized in place, which takes Kubernetes 1.33.',
    }),
    schedules: z.array(Schedule).default([]).meta({
      description: 'Windows with bounds of their own; of those that are open the last one holds.',
    }),
    wake: Wake.optional().meta({
      description: 'Whose pipelines may ask for runners before they need them, so that the group can sleep with min 0.',
    }),
    weight: z.number().gt(0).default(1).meta({
      description: 'Its share of what a cap of the workspace leaves, relative to that of other groups.',
    }),
  })
  .meta({ allOf: STRATEGY_NAMES.map(editorRules) });

const Constants = z.strictObject({
  runner_cool_down_period: duration
    .optional()
    .meta({ description: 'How long a runner must have been idle before it may go; seconds, or such as 5m.' }),
  default_sleep_time_runner_setup: z.number().optional().meta({ description: 'Accepted, without effect.' }),
  default_sleep_time_runner_delete: z.number().optional().meta({ description: 'Accepted, without effect.' }),
  runner_api_polling_interval: z.number().optional().meta({ description: 'Accepted, without effect.' }),
});

const Cluster = z
  .strictObject({
    eks: z
      .strictObject({
        name: text.meta({ description: "The cluster's name in EKS." }),
        region: text.optional().meta({ description: "Default: the function's own region." }),
        roleArn: z
          .string()
          .regex(/^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/, { error: 'is not the ARN of an IAM role' })
          .optional()
          .meta({ description: 'A role to assume first, for a cluster of another account.' }),
        externalId: z
          .string()
          .regex(/^[\w+=,.@:/-]{2,1224}$/, {
            error: 'is no external id: letters, digits and any of +=,.@:/-, two at least',
          })
          .optional()
          .meta({ description: "The external id that the role's trust policy asks for." }),
      })
      .optional(),
    kubeconfig: z
      .strictObject({
        path: text.optional().meta({ description: 'Relative to this file; default: KUBECONFIG, or ~/.kube/config.' }),
        context: text.optional().meta({ description: 'Default: the current context.' }),
      })
      .optional(),
  })
  .meta({ oneOf: [{ required: ['eks'] }, { required: ['kubeconfig'] }] });

const Workspace = z.strictObject({
  secretId: text.optional().meta({
    description: "Name or ARN of the Secrets Manager secret with this workspace's credential; default: the common one.",
  }),
  maxRunners: z
    .int()
    .min(1)
    .default(100)
    .meta({ description: 'The most registrations, of any kind, that the workspace may hold.' }),
  maxConcurrentRunners: z.int().min(1).optional().meta({
    description:
      "The most runners that may be online at once, and so the most steps that run at once, which Premium bills by the month's peak.",
  }),
  concurrencyLimit: z.int().min(1).optional().meta({
    description:
      "The workspace's concurrency limit in Bitbucket's settings: the most steps that run at once. Runners beyond it would find no work.",
  }),
  pricePerSlot: z.number().min(0).optional().meta({
    description:
      'What one more step that runs at once costs a month, in US dollars; 0: nothing is billed. Default: 15.',
  }),
  callsPerHour: z.int().min(60).optional().meta({
    description:
      "The most calls an hour with this workspace's credential, the fewest of those that share it; default: 1000, Bitbucket's limit for a user.",
  }),
  api: z
    .enum(['internal', 'public'])
    .default('internal')
    .meta({ description: "Which of Bitbucket's two runner APIs to speak." }),
});

/** The settings of a workspace that the file does not list. */
export const WORKSPACE_DEFAULTS = Workspace.parse({});

const JobTemplate = z
  .strictObject({
    source: text.optional().meta({ description: 's3://bucket/key, ssm:/name, or a file.' }),
    path: text.optional().meta({ description: 'A file next to this one: the path is relative to this file.' }),
    inline: text.optional().meta({ description: 'The template itself.' }),
  })
  .meta({ oneOf: [{ required: ['source'] }, { required: ['path'] }, { required: ['inline'] }] });

/** The whole file. */
export const Config = z
  .strictObject({
    constants: Constants.nullish().meta({ description: "Atlassian's global settings." }),
    clusters: z.record(reference, Cluster).default({}).meta({
      description: 'Where runners run; default: the cluster that EKS_CLUSTER_NAME or KUBECONFIG names.',
    }),
    workspaces: z
      .record(bitbucketKey, Workspace)
      .default({})
      .meta({ description: 'Settings by workspace, slug or {uuid} as in the groups; all have defaults.' }),
    jobTemplates: z
      .record(reference, JobTemplate)
      .default({})
      .meta({ description: "Job templates by name, in Atlassian's form or ours." }),
    pollEvery: pollInterval.optional().meta({
      description: 'How often a function looks within one invocation, such as 10s; default: once.',
    }),
    groups: z.array(Group).min(1).meta({ description: 'Interchangeable runners: one scope, one label set, one rule.' }),
  })
  .meta({
    title: 'Runner groups of bitbucket-runner-autoscaler',
    description: "Atlassian's runners_config.yaml, and what this autoscaler adds to it.",
    patternProperties: { '^x-': { description: 'Ignored: a place for YAML anchors.' } },
  });

export type Config = z.output<typeof Config>;
export type GroupConfig = z.output<typeof Group>;
export type ClusterConfig = z.output<typeof Cluster>;
export type JobTemplateConfig = z.output<typeof JobTemplate>;

/** The JSON Schema (draft 7) by which editors check and complete the file as it is written. */
export function jsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(Config, { io: 'input', target: 'draft-7' });
}

/** Readers of the fields that are valid by themselves, so that checks between fields need not wait until all are. */
export const draftGroup = draftOf(Group);
export const draftParameters = draftOf(Parameters);
export const draftSchedule = draftOf(Schedule);

export type GroupDraft = ReturnType<typeof draftGroup>;
export type ParametersDraft = ReturnType<typeof draftParameters>;
export type ScheduleDraft = ReturnType<typeof draftSchedule>;

function draftOf<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape, z.core.$strict>) {
  const draft = schema.partial();
  return (raw: unknown) => draft.parse(validFields(schema, raw));
}

function validFields(schema: z.ZodObject, raw: unknown): Record<string, unknown> {
  if (!isRecord(raw)) return {};
  const wrong = new Set(schema.safeParse(raw).error?.issues.map((issue) => issue.path[0]));
  return Object.fromEntries(Object.entries(raw).filter(([key]) => Object.hasOwn(schema.shape, key) && !wrong.has(key)));
}
