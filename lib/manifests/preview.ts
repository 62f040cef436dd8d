/**
 * A group's manifests to be looked at, as they would go to the cluster for a runner that is not registered: uuids and
 * the client id stand in, and whatever a Secret holds is `[secret]`. Pure.
 */
import * as yaml from 'yaml';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { Manifest } from '#core/ports.ts';
import { recordOf } from '#yaml/values.ts';
import { renderManifests } from './render.ts';
import { standInFor } from './stand-ins.ts';

/** What a group would create for one runner. */
export type ManifestPreview = { readonly group: string; readonly job: Manifest; readonly secret: Manifest };

/** Renders a group's manifests. Throws `InputError` with every problem of its template. */
export function previewManifests(group: RunnerGroup): ManifestPreview {
  const { job, secret } = renderManifests(standInFor(group));
  return { group: group.name, job, secret: withoutSecrets(secret) };
}

/** Two YAML documents, in the order in which they are created, under a comment that names the group. */
export function previewText({ group, job, secret }: ManifestPreview): string {
  const comment = `# Group ${JSON.stringify(group)}: uuids stand in for those of a registration.`;
  return `---\n${comment}\n${toYaml(job)}---\n${toYaml(secret)}`;
}

function withoutSecrets(secret: Manifest): Manifest {
  const hidden = (['data', 'stringData'] as const).filter((field) => secret[field] !== undefined);
  const blank = (values: unknown) => Object.fromEntries(Object.keys(recordOf(values)).map((key) => [key, '[secret]']));
  return { ...secret, ...Object.fromEntries(hidden.map((field) => [field, blank(secret[field])])) };
}

/** kubectl reads YAML 1.1, where `yes` and `0644` without quotes are no text. */
function toYaml(manifest: Manifest): string {
  return yaml.stringify(manifest, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 });
}
