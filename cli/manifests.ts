/** `plan --manifests`: what would be created for a runner of each group. Asks neither Bitbucket nor a cluster. */

import type { Wiring } from '#adapters/wiring.ts';
import { InputError, ServiceError } from '#core/errors.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import { selectGroups } from '#core/select.ts';
import type { ManifestPreview } from '#manifests/preview.ts';
import { previewManifests, previewText } from '#manifests/preview.ts';
import { distinctProblems, type InputProblem } from '#yaml/problem.ts';
import type { CommonOptions } from './options.ts';
import type { Terminal } from './terminal.ts';
import { tellWarnings } from './tick.ts';

/** The answer of `plan --manifests --json`. */
type Answer = { readonly version: 1; readonly manifests: readonly ManifestPreview[] };

/** Prints the manifests. Throws `InputError` with everything that is wrong with any group's template. */
export async function printManifests(
  { loadFleet }: Wiring,
  { group: groups, json }: Pick<CommonOptions, 'group' | 'json'>,
  { print, tell }: Terminal,
): Promise<void> {
  const { fleet, warnings } = await loadFleet();
  tellWarnings(warnings, tell);
  const selected = selectGroups(fleet, groups === undefined ? {} : { groups });
  const unready = selected.find((group) => group.unready !== undefined)?.unready;
  if (unready !== undefined) throw new ServiceError(unready, { service: 'aws', outcome: 'unknown' });
  const manifests = previewAll(selected);
  const answer: Answer = { version: 1, manifests };
  if (json) print(JSON.stringify(answer));
  else for (const line of manifests.flatMap((preview) => previewText(preview).trimEnd().split('\n'))) print(line);
}

function previewAll(groups: readonly RunnerGroup[]): readonly ManifestPreview[] {
  const problems: InputProblem[] = [];
  const manifests = groups.flatMap((group) => {
    try {
      return [previewManifests(group)];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new InputError(distinctProblems(problems));
  return manifests;
}
