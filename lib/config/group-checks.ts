/**
 * What relates the keys of one group to each other. Pure.
 */
import type { Quantities } from '#core/model/configuration.ts';
import { type Finding, type Path, problem, warning } from '#yaml/finding.ts';
import { parseQuantity } from '#yaml/quantity.ts';
import { architectureOf, contradictingLabel, MOST_LABELS, registeredLabels } from './labels.ts';
import { groupKeyFindings, keepsAwake, parameterFindings } from './parameters.ts';
import { highestWindow, scheduleFindings } from './schedule-checks.ts';
import { draftParameters, type GroupDraft, isRecord, type TolerationConfig } from './schema.ts';

/** A group as the file has it, and the part of it that is valid by itself. */
export type WrittenGroup = {
  readonly index: number;
  readonly raw: Readonly<Record<string, unknown>>;
  readonly draft: GroupDraft;
};

/** All that is wrong or doubtful between the keys of one group. */
export function groupFindings(written: WrittenGroup): readonly Finding[] {
  const { index, raw, draft: group } = written;
  const path = ['groups', index];
  return [
    ...labelFindings(path, group),
    ...architectureFindings(path, group),
    ...ruleFindings([...path, 'parameters'], written),
    ...groupKeyFindings(path, group, Object.keys(raw)),
    ...resourceFindings([...path, 'resources'], group),
    ...drainGraceFindings(path, group),
    ...scheduleFindings(
      [...path, 'schedules'],
      raw.schedules,
      keepsAwake(group.strategy, draftParameters(raw.parameters)),
    ),
    ...(group.tolerations ?? []).flatMap((toleration, index) =>
      tolerationFindings([...path, 'tolerations', index], toleration),
    ),
  ];
}

function ruleFindings(path: Path, { raw, draft: group }: WrittenGroup): readonly Finding[] {
  if (!isRecord(raw.parameters)) return [];
  const parameters = draftParameters(raw.parameters);
  const present = Object.keys(raw.parameters);
  return parameterFindings(path, { group, parameters, present, most: highestMaxOf(raw) });
}

/** The most runners that the group may have at any time; 0 where nothing valid says. */
export function highestMaxOf({ parameters, schedules }: WrittenGroup['raw']): number {
  return Math.max(draftParameters(parameters).max ?? 0, highestWindow(schedules));
}

function labelFindings(path: Path, { labels, architecture }: GroupDraft): readonly Finding[] {
  if (labels === undefined) return [];
  const kind = architectureOf({ architecture, labels });
  const contradiction = contradictingLabel(labels, kind);
  if (contradiction !== undefined) {
    const index = labels.indexOf(contradiction);
    return [
      problem([...path, 'labels', index], `"${contradiction}" contradicts architecture ${kind}; remove the label`),
    ];
  }
  const total = registeredLabels(labels, kind).length;
  if (total <= MOST_LABELS) return [];
  const message = `makes ${total} labels with self.hosted, the OS label and autoscaler.created, but Bitbucket allows ${MOST_LABELS}; remove ${total - MOST_LABELS}`;
  return [problem([...path, 'labels'], message, 'key')];
}

/** How late Bitbucket may show that a runner has taken a step, as other CI systems were seen to do. */
const LATEST_MARK_MS = 60_000;

function drainGraceFindings(path: Path, { drainGrace }: GroupDraft): readonly Finding[] {
  if (drainGrace === undefined || drainGrace >= LATEST_MARK_MS) return [];
  const message =
    'is less than the minute by which a step may show late: a build that has just begun could be lost; use 90s';
  return [warning([...path, 'drainGrace'], message)];
}

const ARCHITECTURE_LABEL = 'kubernetes.io/arch';

function architectureFindings(path: Path, group: GroupDraft): readonly Finding[] {
  const selected = group.nodeSelector?.[ARCHITECTURE_LABEL];
  const architecture = architectureOf(group);
  if (selected === undefined || selected === architecture) return [];
  const message = `selects ${selected} nodes for ${architecture} runners; set "architecture: ${selected}" or remove the selector`;
  return [problem([...path, 'nodeSelector', ARCHITECTURE_LABEL], message)];
}

function resourceFindings(path: Path, { resources }: GroupDraft): readonly Finding[] {
  const { requests, limits }: { requests?: Quantities | undefined; limits?: Quantities | undefined } = resources ?? {};
  return (['memory', 'cpu'] as const).flatMap((resource) => {
    const request = requests?.[resource];
    const limit = limits?.[resource];
    if (request === undefined || limit === undefined) return [];
    if ((parseQuantity(request) ?? 0) <= (parseQuantity(limit) ?? 0)) return [];
    const message = `is ${request}, which is more than the limit (${limit}); Kubernetes refuses such pods`;
    return [problem([...path, 'requests', resource], message)];
  });
}

/** The rules of Kubernetes' own validation, told before a pod is refused for them. */
function tolerationFindings(path: Path, toleration: TolerationConfig): readonly Finding[] {
  const { key, operator = 'Equal', value, effect, tolerationSeconds } = toleration;
  const findings: Finding[] = [];
  if (key === undefined && operator !== 'Exists') {
    findings.push(problem(path, 'has no key; give one, or write "operator: Exists" to tolerate every taint'));
  }
  if (operator === 'Exists' && value !== undefined && value !== '') {
    findings.push(problem([...path, 'value'], 'means nothing with "operator: Exists"; remove one of them'));
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    findings.push(problem([...path, 'tolerationSeconds'], 'needs "effect: NoExecute"'));
  }
  return findings;
}
