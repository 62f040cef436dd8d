/**
 * The names, labels and annotations by which the autoscaler finds its own objects again. Names are functions of the
 * runner's uuid, so that a create that is repeated hits the object that it made before.
 */
import type { RunnerJob } from '#core/model/observation.ts';
import { bareUuid, bracedUuid } from '#core/uuid.ts';

/** Label that marks an object as the autoscaler's; lists select by it. */
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';
export const MANAGED_BY = 'bitbucket-runner-autoscaler';
/** Label with the runner's uuid, without braces. */
export const RUNNER_LABEL = 'bitbucket-runner-autoscaler/runner';
/** As a label the group's name made label-safe, for `kubectl -l`; as an annotation the exact name. */
export const GROUP_LABEL = 'bitbucket-runner-autoscaler/group';
export const GROUP_ANNOTATION = GROUP_LABEL;
/** Annotation with the labels that the runner was registered with, sorted, with spaces between. */
export const LABELS_ANNOTATION = 'bitbucket-runner-autoscaler/runner-labels';
/** Annotation of the Job that stands for what it was made from, where a change is to reach it. */
export const FINGERPRINT_ANNOTATION = 'bitbucket-runner-autoscaler/fingerprint';
/** Annotation of a pod whose requests follow what its runner is at, as JSON: of which container, when idle, and in full. */
export const RESIZE_ANNOTATION = 'bitbucket-runner-autoscaler/requests';
/** Label with the name of the deployment that made the object, unique to its state store. */
export const DEPLOYMENT_LABEL = 'bitbucket-runner-autoscaler/deployment';
/**
 * Labels with the uuids of the scope that the runner is registered in, without braces; the same as in Atlassian's
 * templates. The second is absent for a runner of a workspace.
 */
export const WORKSPACE_LABEL = 'accountUuid';
export const REPOSITORY_LABEL = 'repositoryUuid';

/** Label of a pod that must stay on its node: what the PodDisruptionBudget selects. */
export const PROTECTED_LABEL = 'bitbucket-runner-autoscaler/protected';

/** What keeps Karpenter and Cluster Autoscaler from moving a pod, by annotation. */
export const PROTECTION_ANNOTATIONS: Readonly<Record<string, string>> = {
  'karpenter.sh/do-not-disrupt': 'true',
  'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
};

/** Whether the autoscaler itself sets this label or annotation. */
export function isReserved(key: string): boolean {
  const others = [MANAGED_BY_LABEL, WORKSPACE_LABEL, REPOSITORY_LABEL, ...Object.keys(PROTECTION_ANNOTATIONS)];
  return key.startsWith(`${MANAGED_BY}/`) || others.includes(key);
}

const JOB_PREFIX = 'runner-';
/** Kubernetes' limit for label values. */
const LABEL_VALUE_LIMIT = 63;

/** Name of the Job of a runner; with or without braces. */
export function jobName(runnerUuid: string): string {
  return `${JOB_PREFIX}${bareUuid(runnerUuid)}`;
}

/** Name of the Secret with a runner's OAuth credentials; the same as in Atlassian's templates. */
export function secretName(runnerUuid: string): string {
  return `runner-oauth-credentials-${bareUuid(runnerUuid)}`;
}

/** The uuid in a Job name that `jobName` made; undefined for any other name. */
export function runnerUuidOf(name: string): string | undefined {
  return name.startsWith(JOB_PREFIX) && name.length > JOB_PREFIX.length ? name.slice(JOB_PREFIX.length) : undefined;
}

type Marks = Readonly<Record<string, string | undefined>>;

/** What the marks of a Job say, whatever template made it; some may have been taken away. */
export function stampsOf(
  labels: Marks,
  annotations: Marks,
): Pick<RunnerJob, 'group' | 'labels' | 'deployment' | 'fingerprint' | 'identity'> {
  const { [WORKSPACE_LABEL]: workspace, [REPOSITORY_LABEL]: repository, [DEPLOYMENT_LABEL]: deployment } = labels;
  const { [LABELS_ANNOTATION]: asked, [FINGERPRINT_ANNOTATION]: fingerprint } = annotations;
  return {
    group: annotations[GROUP_ANNOTATION] ?? labels[GROUP_LABEL] ?? '',
    ...(asked !== undefined && { labels: asked.split(' ') }),
    ...(deployment !== undefined && { deployment }),
    ...(fingerprint !== undefined && { fingerprint }),
    ...(workspace !== undefined && {
      identity: {
        workspaceUuid: bracedUuid(workspace),
        ...(repository && { repositoryUuid: bracedUuid(repository) }),
      },
    }),
  };
}

/** A group name as a label value: what labels forbid becomes `-`; two names may come out equal. */
export function labelSafe(text: string): string {
  return text
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .slice(0, LABEL_VALUE_LIMIT)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}
