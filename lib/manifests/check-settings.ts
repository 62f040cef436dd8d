/** Checks what a group says about its pods against its template: settings without effect, or with another than before. Pure. */
import type { PodSettings } from '#core/model/configuration.ts';
import { type Finding, warning, when } from '#yaml/finding.ts';
import type { Fields } from '#yaml/values.ts';
import { POD, podOf } from './check-relations.ts';
import { containersOf, dockerAmong } from './containers.ts';
import { isReserved } from './naming.ts';

/** What a group should know of its settings; `group` is its name. */
export function settingFindings(job: Fields, settings: PodSettings, group: string): readonly Finding[] {
  const pod = podOf(job);
  const { serviceAccountName, automountServiceAccountToken, images } = settings;
  const isTokenKept = serviceAccountName !== undefined && automountServiceAccountToken === undefined;
  const hasDocker = dockerAmong(containersOf(pod)).length > 0;
  return [
    ...reservedFindings(settings, group),
    ...when(
      isTokenKept && pod.automountServiceAccountToken === false,
      warning(
        [...POD, 'automountServiceAccountToken'],
        `keeps the token of ${JSON.stringify(serviceAccountName)} out of the pods of group ${JSON.stringify(group)}, into which earlier versions mounted it; write automountServiceAccountToken: true or false in the group`,
      ),
    ),
    ...when(
      images?.docker !== undefined && !hasDocker,
      warning(
        [...POD, 'initContainers'],
        `has no container that looks like Docker, by its image or as privileged, so images.docker of group ${JSON.stringify(group)} changes nothing; write the image into the template`,
      ),
    ),
  ];
}

/** Labels and annotations by which the autoscaler finds its pods and keeps their nodes win over a group's. */
function reservedFindings({ labels = {}, annotations = {} }: PodSettings, group: string): readonly Finding[] {
  const keys = { podLabels: Object.keys(labels), podAnnotations: Object.keys(annotations) };
  return (['podLabels', 'podAnnotations'] as const).flatMap((setting) =>
    keys[setting]
      .filter(isReserved)
      .map((key) =>
        warning(
          ['spec', 'template', 'metadata'],
          `gets ${key} from the autoscaler, so ${setting} of group ${JSON.stringify(group)} cannot set it; remove it there`,
        ),
      ),
  );
}
