/** What can be told without asking anybody but the place where the configuration lies. */
import type { InspectedFleet } from '#config/load.ts';
import { InputError } from '#core/errors.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import { plural } from '#core/quantities.ts';
import { containersOf } from '#manifests/containers.ts';
import { type ManifestPreview, previewManifests } from '#manifests/preview.ts';
import { formatProblem } from '#yaml/problem.ts';
import { type Fields, isAbsent, listOf, recordOf } from '#yaml/values.ts';
import { type Check, failed, failedBy, named, ok, skipped } from './check.ts';

/** The major version of Node that the program is built for. */
const NODE_MAJOR = 24;

/** Checks the version of Node; `version` as `process.versions.node` has it. */
export function checkNode(version: string, program: string): Check {
  const detail = `Node ${version}, runner-autoscaler ${program}`;
  if (Number.parseInt(version, 10) >= NODE_MAJOR) return ok('node', undefined, detail);
  return failed('node', undefined, detail, `install Node ${NODE_MAJOR} or newer`);
}

/** What is wrong with the configuration; one line for each finding, or one for all where there is none. */
export function checkConfiguration(source: string, { fleet, problems, warnings }: InspectedFleet): readonly Check[] {
  if (problems.length > 0) {
    return problems.map((problem) =>
      failed('configuration', undefined, formatProblem(problem), 'correct it; "validate" shows all of it'),
    );
  }
  const groups = `${fleet.groups.length} ${plural(fleet.groups.length, 'group')}`;
  const warned =
    warnings.length === 0 ? '' : `; "validate" has ${warnings.length} ${plural(warnings.length, 'warning')}`;
  return [ok('configuration', undefined, `${source}: ${groups}${warned}`)];
}

/** A group with what it would create for one runner. */
export type Rendered = { readonly group: RunnerGroup; readonly preview: ManifestPreview };

/** Renders the manifests of every group that can be rendered, and says what is wrong with the others. */
export function renderAll(groups: readonly RunnerGroup[]) {
  const checks: Check[] = [];
  const rendered = groups.flatMap((group): readonly Rendered[] => {
    if (group.unready !== undefined) {
      checks.push(failed('manifests', group.name, group.unready, 'give the right to read it, or correct its place'));
      return [];
    }
    try {
      return [{ group, preview: previewManifests(group) }];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      checks.push(failedBy('manifests', group.name, error, 'correct the Job template; "validate" shows all of it'));
      return [];
    }
  });
  return { rendered, checks: [...checks, ...checkImages(rendered)] };
}

/** Variables by which a runner is told the images that it pulls itself; what it pulls without them are tags that move. */
const VARIABLES_OF_IMAGES = ['PAUSE_IMAGE', 'AUTH_PROXY_IMAGE', 'CLONE_IMAGE'];

const NAME_A_VERSION = 'name a version or a digest, so that a new release comes when you choose';

/** Images whose tag is `latest`, or that have none, change without anybody's doing; other tags may move, too. */
function checkImages(rendered: readonly Rendered[]): readonly Check[] {
  const images = [...new Set(rendered.flatMap(({ preview }) => imagesOf(containersIn(preview))))].sort();
  if (images.length === 0) return [skipped('images', undefined, 'no template could be rendered')];
  const untagged = images.filter((image) => tagOf(image) === undefined || tagOf(image) === 'latest');
  if (untagged.length > 0) {
    return untagged.map((image) =>
      failed('images', image, 'this tag means another image with every release', NAME_A_VERSION),
    );
  }
  const moving = images.filter((image) => !isFixed(image));
  const detail = moving.length === 0 ? 'all name an exact version' : `these tags move: ${moving.join(', ')}`;
  return [ok('images', undefined, `${detail}${pulledByRunners(rendered)}`)];
}

/** The images of containers, and those that a runner is told to pull. */
function imagesOf(containers: readonly Fields[]): readonly string[] {
  const told = containers
    .flatMap(variablesOf)
    .filter(({ name, value }) => VARIABLES_OF_IMAGES.includes(String(name)) && !isAbsent(value));
  return [...containers.map(({ image }) => image ?? ''), ...told.map(({ value }) => value)].map(String);
}

/** Of what runners pull without being told which, the end of a sentence. */
function pulledByRunners(rendered: readonly Rendered[]): string {
  const untold = rendered.flatMap(({ group, preview }) => {
    const names = containersIn(preview)
      .flatMap(variablesOf)
      .map(({ name }) => name);
    const missing = VARIABLES_OF_IMAGES.filter((variable) => !names.includes(variable));
    return missing.length === 0 ? [] : [{ group: group.name, missing }];
  });
  if (untold.length === 0) return '';
  const missing = VARIABLES_OF_IMAGES.filter((variable) => untold.some((entry) => entry.missing.includes(variable)));
  const groups = named(untold.map(({ group }) => group));
  return `; runners of ${groups} pull more by tags that move, as their env does not set ${missing.join(', ')}`;
}

function variablesOf({ env }: Fields): readonly Fields[] {
  return listOf(env).map(recordOf);
}

/** The pod template of a rendered Job. */
export function podOf({ job }: ManifestPreview) {
  return recordOf(recordOf(job.spec).template);
}

/** Every container of the pod, those that run before the others included. */
export function containersIn(preview: ManifestPreview): readonly Fields[] {
  return containersOf(recordOf(podOf(preview).spec)).map(({ item }) => item);
}

/** The tag; undefined where there is neither a tag nor a digest. */
function tagOf(image: string): string | undefined {
  return /[:@]([^:@/]+)$/.exec(image)?.[1];
}

/** A digest, or a tag of at least three numbers such as `3.14.1` or `28.5.2-dind`. */
function isFixed(image: string): boolean {
  return image.includes('@') || /^v?\d+\.\d+\.\d+/.test(tagOf(image) ?? '');
}
