/**
 * Makes the Job and the Secret of a new registration. Names, namespace, labels, the group's annotation and its pod
 * settings are set after the template is rendered, so the autoscaler can rely on them. Pure.
 */
import { InputError } from '#core/errors.ts';
import type { JobTemplate, RunnerGroup } from '#core/model/configuration.ts';
import type { Manifest, ManifestInput, Manifests } from '#core/ports.ts';
import { hashOf } from '#core/select.ts';
import { bareUuid } from '#core/uuid.ts';
import { type Path, problem } from '#yaml/finding.ts';
import type { InputProblem } from '#yaml/problem.ts';
import { type Fields, isRecord, recordOf } from '#yaml/values.ts';
import { BUILT_IN_TEMPLATE } from './built-in-template.ts';
import {
  DEPLOYMENT_LABEL,
  FINGERPRINT_ANNOTATION,
  GROUP_ANNOTATION,
  GROUP_LABEL,
  jobName,
  LABELS_ANNOTATION,
  labelSafe,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  PROTECTED_LABEL,
  PROTECTION_ANNOTATIONS,
  REPOSITORY_LABEL,
  RUNNER_LABEL,
  secretName,
  WORKSPACE_LABEL,
} from './naming.ts';
import { applyPodSettings, withOwnMetadata } from './pod-settings.ts';
import { standInFor } from './stand-ins.ts';
import { type RenderedObject, renderTemplate } from './template.ts';
import { variablesOf } from './variables.ts';
import { withIdleRequests } from './when-idle.ts';

/** Manifests from Job templates. */
export const manifestsFromTemplates: Manifests = {
  // Whether Kubernetes would take the result is the question of check.ts.
  problems: (group) =>
    group.pod.template === undefined ? [] : renderObjects(group.pod.template, standInFor(group)).problems,
  render: renderManifests,
  fingerprint: fingerprintOf,
  jobName,
};

/**
 * The Job and the Secret of a runner. A template without a Secret gets the built-in one.
 * Throws `InputError` with every problem of the template, each with its line and column.
 */
export function renderManifests(input: ManifestInput): { readonly job: Manifest; readonly secret: Manifest } {
  const { problems, job, secret } = renderObjects(input.group.pod.template ?? BUILT_IN_TEMPLATE, input);
  if (job === undefined || problems.length > 0) throw new InputError(problems);
  return {
    job: stampJob(job.content, input),
    secret: stamp(secret?.content ?? builtInSecret(input), secretName(input.runner.uuid), input),
  };
}

/**
 * Stands for the template's text and all settings of the pods, in whatever order they are written. A change of it, and of
 * nothing else, is a change of what runners are made from.
 */
function fingerprintOf({ pod: { template = BUILT_IN_TEMPLATE, ...settings } }: RunnerGroup): string {
  const inOrder = (_key: string, value: unknown) =>
    isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
  return hashOf(JSON.stringify([template.text, settings], inOrder)).toString(16);
}

/** A template's objects with their values filled in, and what makes them useless as a runner's Job and Secret. */
type RenderedObjects = {
  readonly problems: readonly InputProblem[];
  readonly job?: RenderedObject;
  readonly secret?: RenderedObject;
};

/** Fills a template for a runner, before anything is stamped on. Absent objects are not in the template. */
export function renderObjects(template: JobTemplate, input: ManifestInput): RenderedObjects {
  const { objects, problems } = renderTemplate(template, variablesOf(input));
  if (problems.length > 0) return { problems };
  const ofKind = (kind: string) => objects.filter(({ content }) => content.kind === kind);
  const [jobs, secrets] = [ofKind('Job'), ofKind('Secret')];
  const { namespace } = input.group;
  return {
    problems: [
      ...objects.flatMap(superfluousProblems),
      ...(jobs.length === 0 ? [{ source: template.origin, path: '', message: NO_JOB }] : []),
      ...jobs.flatMap((each) => objectProblems(each, 'batch/v1', jobName(input.runner.uuid), namespace)),
      ...jobs.flatMap(podProblems),
      ...secrets.flatMap((each) => objectProblems(each, 'v1', secretName(input.runner.uuid), namespace)),
    ],
    ...(jobs[0] && { job: jobs[0] }),
    ...(secrets[0] && { secret: secrets[0] }),
  };
}

const NO_JOB = 'the template holds no Job; add one of apiVersion batch/v1';

/** A template holds one Job, perhaps one Secret, and nothing else. */
function superfluousProblems(
  { content: { kind }, locate }: RenderedObject,
  index: number,
  objects: readonly RenderedObject[],
): readonly InputProblem[] {
  if (kind !== 'Job' && kind !== 'Secret') {
    return [
      locate(problem(['kind'], 'a template holds one Job and at most one Secret; leave other objects to kubectl')),
    ];
  }
  const isFirst = objects.findIndex(({ content }) => content.kind === kind) === index;
  return isFirst ? [] : [locate(problem(['kind'], `a template holds one ${kind}, and this is another`))];
}

/** A name or namespace that differs from ours would be overwritten; better to say so than to surprise. */
function objectProblems(
  { content, locate }: RenderedObject,
  apiVersion: string,
  name: string,
  namespace: string,
): readonly InputProblem[] {
  const metadata = recordOf(content.metadata);
  const expectations: readonly (readonly [path: Path, actual: unknown, expected: string])[] = [
    [['apiVersion'], content.apiVersion ?? 'none', apiVersion],
    [['metadata', 'name'], metadata.name ?? name, name],
    [['metadata', 'namespace'], metadata.namespace ?? namespace, namespace],
  ];
  return expectations
    .filter(([, actual, expected]) => actual !== expected)
    .map(([path, actual, expected]) => {
      const found = typeof actual === 'string' ? actual : JSON.stringify(actual);
      return locate(problem(path, `must be ${hole(expected, name)}, not ${hole(found, name)}`));
    });
}

/** Names are shown as a template writes them, not with the stand-in or real uuid. */
function hole(text: string, name: string): string {
  const uuid = name.replace(/^runner-(oauth-credentials-)?/, '');
  return text.replaceAll(uuid, '{{runnerUuid}}');
}

function podProblems({ content, locate }: RenderedObject): readonly InputProblem[] {
  const { containers } = recordOf(recordOf(recordOf(content.spec).template).spec);
  const path = ['spec', 'template', 'spec', 'containers'];
  return Array.isArray(containers) && containers.length > 0
    ? []
    : [locate(problem(path, 'the Job needs a container for the runner'))];
}

function stampJob(content: Fields, input: ManifestInput): Manifest {
  const spec = recordOf(content.spec);
  const template = recordOf(spec.template);
  const metadata = recordOf(content.metadata);
  const fingerprint = input.group.recycle?.onChange && { [FINGERPRINT_ANNOTATION]: fingerprintOf(input.group) };
  return stamp(
    {
      ...content,
      ...(fingerprint && {
        metadata: { ...metadata, annotations: { ...recordOf(metadata.annotations), ...fingerprint } },
      }),
      spec: {
        ...spec,
        template: {
          ...template,
          ...withIdleRequests(
            {
              metadata: protectedFromTheStart(marked(withOwnMetadata(template.metadata, input.group.pod), input)),
              spec: applyPodSettings(recordOf(template.spec), input.group.pod),
            },
            input.group.pod,
            input.isFull === true,
          ),
        },
      },
    },
    jobName(input.runner.uuid),
    input,
  );
}

function stamp(content: Fields, name: string, input: ManifestInput): Manifest {
  const metadata = { ...marked(content.metadata, input), name, namespace: input.group.namespace };
  return { ...content, apiVersion: String(content.apiVersion), kind: String(content.kind), metadata };
}

/** Metadata with the marks by which lists find the object and join it to its runner, group and scope. */
function marked(metadata: unknown, { group, runner, identity, deployment }: ManifestInput): Fields {
  const own = recordOf(metadata);
  // A template that was written for a repository's runners may still name it.
  const { [REPOSITORY_LABEL]: _, ...labels } = recordOf(own.labels);
  const { workspaceUuid, repositoryUuid } = identity;
  return {
    ...own,
    labels: {
      ...labels,
      [WORKSPACE_LABEL]: bareUuid(workspaceUuid),
      ...(repositoryUuid === undefined ? {} : { [REPOSITORY_LABEL]: bareUuid(repositoryUuid) }),
      [MANAGED_BY_LABEL]: MANAGED_BY,
      [RUNNER_LABEL]: bareUuid(runner.uuid),
      [GROUP_LABEL]: labelSafe(group.name),
      ...(deployment === undefined ? {} : { [DEPLOYMENT_LABEL]: deployment }),
    },
    annotations: {
      ...recordOf(own.annotations),
      [GROUP_ANNOTATION]: group.name,
      [LABELS_ANNOTATION]: group.labels.join(' '),
    },
  };
}

/** A pod keeps its node from its first moment; the mark is taken away when its runner has rested. */
function protectedFromTheStart(metadata: Fields): Fields {
  return {
    ...metadata,
    labels: { ...recordOf(metadata.labels), [PROTECTED_LABEL]: 'true' },
    annotations: { ...recordOf(metadata.annotations), ...PROTECTION_ANNOTATIONS },
  };
}

/** For templates that hold only a Job; its keys are those of the built-in template. */
export function builtInSecret(input: ManifestInput): Fields {
  const { secret } = renderObjects(BUILT_IN_TEMPLATE, input);
  if (secret === undefined) throw new Error('the built-in template holds a Secret');
  return secret.content;
}
