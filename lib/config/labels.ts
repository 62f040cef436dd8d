/**
 * The label set under which a group's runners are registered, and Bitbucket's rules for it. Pure.
 */
import type { PodSettings } from '#core/model/configuration.ts';

type Architecture = PodSettings['architecture'];

const OS_LABEL: Readonly<Record<Architecture, string>> = { amd64: 'linux', arm64: 'linux.arm64' };

/** Bitbucket accepts no more labels than these on one runner. */
export const MOST_LABELS = 10;

/** The group's architecture: as it says, or as its own labels imply. */
export function architectureOf(group: {
  readonly architecture?: Architecture | undefined;
  readonly labels?: readonly string[] | undefined;
}): Architecture {
  return group.architecture ?? (group.labels?.includes(OS_LABEL.arm64) ? 'arm64' : 'amd64');
}

/**
 * The complete label set, sorted: the group's own, the two that every self-hosted runner has, and the one by which
 * Atlassian's autoscaler marks its runners, so that a group keeps its runners when it changes hands.
 */
export function registeredLabels(own: readonly string[], architecture: Architecture): readonly string[] {
  return [...new Set([...own, 'self.hosted', OS_LABEL[architecture], 'autoscaler.created'])].sort();
}

/** The OS label among the group's own that belongs to the other architecture. */
export function contradictingLabel(own: readonly string[], architecture: Architecture): string | undefined {
  return own.find((label) => label === OS_LABEL[architecture === 'arm64' ? 'amd64' : 'arm64']);
}
