/** Checks between the keys of one group. Pure. */
import { strategyOf } from '#core/decide/strategies/index.ts';
import type { Scope } from '#core/model/configuration.ts';
import { MINUTE_MS } from '#core/time.ts';
import { isUuid } from '#core/uuid.ts';
import { type Finding, type Path, problem, warning, when } from '#yaml/finding.ts';
import { requestFindings, tolerationFindings } from '#yaml/pod-rules.ts';
import { isRecord, recordOf } from '#yaml/values.ts';
import { labelFindings } from './labels.ts';
import { groupKeyFindings, keepsAwake, parameterFindings } from './parameters.ts';
import { highestWindow, scheduleFindings, windowsOf } from './schedule-checks.ts';
import { draftParameters, type GroupDraft } from './schema.ts';
import { steadinessFindings } from './steadiness.ts';

/** A group as the file has it, and the part of it that is valid by itself. */
export type GroupEntry = {
  readonly index: number;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly draft: GroupDraft;
};

/** All problems and warnings between the keys of one group. */
export function groupFindings(entry: GroupEntry): readonly Finding[] {
  const { index, raw, draft: group } = entry;
  const path = ['groups', index];
  const isAwake = group.wake !== undefined || keepsAwake(group.strategy, draftParameters(raw.parameters));
  return [
    ...labelFindings(path, group),
    ...ruleFindings([...path, 'parameters'], entry),
    ...groupKeyFindings(path, group, Object.keys(raw)),
    ...requestFindings([...path, 'resources'], recordOf(group.resources)),
    ...requestFindings([...path, 'runnerResources'], recordOf(group.runnerResources)),
    ...drainGraceFindings(path, group),
    ...namespaceFindings(path, group),
    ...recycleFindings([...path, 'recycle'], entry),
    ...wakeFindings([...path, 'wake'], entry),
    ...scheduleFindings([...path, 'schedules'], raw.schedules, isAwake),
    ...(group.tolerations ?? []).flatMap((toleration, index) =>
      tolerationFindings([...path, 'tolerations', index], toleration),
    ),
  ];
}

/** A runner that is to be replaced stays until another is online, so that there has to be room for one more. */
function recycleFindings(path: Path, { raw, draft: { recycle = {} } }: GroupEntry): readonly Finding[] {
  const bounds = [draftParameters(raw.parameters), ...windowsOf(raw.schedules)];
  const oneStep =
    'needs a max of at least 2, in windows too: the last runner online stays until another is, and would take step after step; raise max, or leave afterSteps out';
  const noRoom =
    'has no effect while min equals max: another runner has to come online before one is replaced; raise max, or lower min';
  const waits = recycle.after !== undefined || recycle.onChange === true;
  return [
    ...when(
      recycle.afterSteps !== undefined && bounds.some(({ max }) => max === 1),
      problem([...path, 'afterSteps'], oneStep),
    ),
    ...when(waits && bounds.every(({ min, max }) => max !== undefined && min === max), warning(path, noRoom)),
  ];
}

function ruleFindings(path: Path, { raw, draft: group }: GroupEntry): readonly Finding[] {
  if (!isRecord(raw.parameters)) return [];
  const parameters = draftParameters(raw.parameters);
  const present = Object.keys(raw.parameters);
  const most = highestMaxOf(raw);
  const settings = group.strategy && strategyOf(group.strategy).settings({ group, parameters, most });
  const { min = 0 } = parameters;
  return [
    ...parameterFindings(path, { group, parameters, present, most }),
    ...(settings ? steadinessFindings(path, settings, { min, max: most, present }) : []),
  ];
}

/** The most runners that the group may have at any time; 0 where nothing valid says. */
export function highestMaxOf({ parameters, schedules }: GroupEntry['raw']): number {
  return Math.max(draftParameters(parameters).max ?? 0, highestWindow(schedules));
}

/** How late Bitbucket may show that a runner has taken a step, as other CI systems were seen to do. */
const LATEST_MARK_MS = MINUTE_MS;

function drainGraceFindings(path: Path, { drainGrace = LATEST_MARK_MS }: GroupDraft): readonly Finding[] {
  const message =
    'is less than the minute by which a step may show late: a build that has just begun could be lost; use 90s';
  return when(drainGrace < LATEST_MARK_MS, warning([...path, 'drainGrace'], message));
}

/** Where Atlassian's autoscaler itself runs; docs/migrate.md deletes it when all is moved. */
const THEIR_NAMESPACE = 'bitbucket-runner-control-plane';

function namespaceFindings(path: Path, { namespace }: GroupDraft): readonly Finding[] {
  const message = `is that of Atlassian's autoscaler, which the last step of the migration deletes with all that runs in it; use a namespace of its own, such as runners`;
  return when(namespace === THEIR_NAMESPACE, warning([...path, 'namespace'], message, 'value'));
}

function wakeFindings(
  path: Path,
  { raw, draft: { wake, workspace, repository: own } }: GroupEntry,
): readonly Finding[] {
  if (wake === undefined) return [];
  const most = highestMaxOf(raw);
  const tooMany = `is ${wake.max}, which is more than max (${most}), so pipelines never get as many; lower it, or raise max`;
  return [
    ...when(most > 0 && wake.max > most, warning([...path, 'max'], tooMany)),
    ...wake.from.flatMap((repository, index) => [
      ...strangerFindings([...path, 'from', index], repository, workspace),
      ...otherFindings([...path, 'from', index], repository, own),
    ]),
  ];
}

/** Two names of one kind that are not the same; a slug and a uuid may stand for one. */
function differ(own: string | null | undefined, other: string): boolean {
  return own != null && isUuid(own) === isUuid(other) && own !== other;
}

/** A repository's runners run its own steps. */
function otherFindings(
  path: Path,
  { repository }: Required<Scope>,
  own: string | null | undefined,
): readonly Finding[] {
  const message = `is repository ${repository}, whose steps never run in a group of repository ${own}; name ${own}, or leave out "repository" of the group`;
  return when(differ(own, repository), warning(path, message));
}

/** A workspace's runners run the steps of its own repositories. */
function strangerFindings(path: Path, { workspace }: Required<Scope>, own: string | undefined): readonly Finding[] {
  const message = `is of workspace ${workspace}, whose steps never run in ${own}; name a repository of ${own}`;
  const nameless =
    'names its workspace by the uuid, as the group does, and tokens of steps have its slug; write slug/repository';
  return [
    ...when(differ(own, workspace), problem(path, message)),
    ...when(isUuid(workspace) && own === workspace, problem(path, nameless)),
  ];
}
