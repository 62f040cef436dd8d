/** The label set under which a group's runners are registered, its architecture, and Bitbucket's rules for both. Pure. */
import type { PodSettings } from '#core/model/configuration.ts';
import { type Finding, type Path, problem, when } from '#yaml/finding.ts';
import type { GroupDraft } from './schema.ts';

type Architecture = PodSettings['architecture'];

const OS_LABEL: Readonly<Record<Architecture, string>> = { amd64: 'linux', arm64: 'linux.arm64' };

/** Bitbucket accepts no more labels than these on one runner. */
const MOST_LABELS = 10;

/** The label by which nodes tell their architecture. */
export const ARCHITECTURE_LABEL = 'kubernetes.io/arch';

/** The group's architecture: as it says, or as its own labels imply. */
export function architectureOf({ architecture, labels }: Pick<GroupDraft, 'architecture' | 'labels'>): Architecture {
  return architecture ?? (labels?.includes(OS_LABEL.arm64) ? 'arm64' : 'amd64');
}

/**
 * The complete label set, sorted: the group's own, the two that every self-hosted runner has, and the one by which
 * Atlassian's autoscaler marks its runners, so that a group keeps its runners when it changes hands.
 */
export function registeredLabels(own: readonly string[], architecture: Architecture): readonly string[] {
  return [...new Set([...own, 'self.hosted', OS_LABEL[architecture], 'autoscaler.created'])].sort();
}

/** Labels of another architecture, too many labels, and nodes of another architecture. */
export function labelFindings(path: Path, group: GroupDraft): readonly Finding[] {
  const architecture = architectureOf(group);
  return [...labelSetFindings([...path, 'labels'], group, architecture), ...nodeFindings(path, group, architecture)];
}

function labelSetFindings(path: Path, { labels = [] }: GroupDraft, architecture: Architecture): readonly Finding[] {
  const foreign = labels.indexOf(OS_LABEL[architecture === 'arm64' ? 'amd64' : 'arm64']);
  if (foreign >= 0) {
    const message = `"${labels[foreign]}" contradicts architecture ${architecture}; remove the label`;
    return [problem([...path, foreign], message)];
  }
  const total = registeredLabels(labels, architecture).length;
  const message = `makes ${total} labels with self.hosted, the OS label and autoscaler.created, but Bitbucket allows ${MOST_LABELS}; remove ${total - MOST_LABELS}`;
  return when(total > MOST_LABELS, problem(path, message, 'key'));
}

function nodeFindings(path: Path, group: GroupDraft, architecture: Architecture): readonly Finding[] {
  return (['nodeSelector', 'node_selector'] as const).flatMap((key) => {
    const selected = group[key]?.[ARCHITECTURE_LABEL];
    const message = `selects ${selected} nodes for ${architecture} runners; set "architecture: ${selected}" or remove the selector`;
    return when(
      selected !== undefined && selected !== architecture,
      problem([...path, key, ARCHITECTURE_LABEL], message),
    );
  });
}
