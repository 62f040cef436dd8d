/** Whether a namespace's Pod Security level lets runners in. Pure. */
import { type Fields, recordOf } from '#yaml/values.ts';
import { type Check, failed, NOT_ALLOWED, ok, skipped } from './check.ts';
import { containersIn, type Rendered } from './configuration.ts';

/** Docker in a runner's pod is privileged, which `baseline` and `restricted` refuse. */
export function checkPodSecurity(subject: string, namespace: unknown, rendered: readonly Rendered[]): Check {
  if (namespace === 'not-allowed') return skipped('pod-security', subject, NOT_ALLOWED);
  const labels = recordOf(recordOf(recordOf(namespace).metadata).labels);
  const level = String(labels['pod-security.kubernetes.io/enforce'] ?? 'none');
  const refused = rendered.filter(({ preview }) => containersIn(preview).some(isPrivileged));
  if (level !== 'privileged' && level !== 'none' && refused.length > 0) {
    const names = refused.map(({ group }) => group.name).join(', ');
    const next = `set the label pod-security.kubernetes.io/enforce of the namespace to privileged, or use a template without a privileged container`;
    return failed('pod-security', subject, `level ${level} refuses the privileged container of ${names}`, next);
  }
  return ok('pod-security', subject, level === 'none' ? 'no level is set here' : `level ${level}`);
}

function isPrivileged({ securityContext }: Fields): boolean {
  return recordOf(securityContext).privileged === true;
}
