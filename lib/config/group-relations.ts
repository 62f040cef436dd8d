/** Warnings between groups that are each right by themselves: labels that contain others', and one pool for each repository. Pure. */
import { bufferIn } from '#core/decide/strategies/idle-buffer.ts';
import { PRICE_PER_SLOT } from '#core/observe/slots.ts';
import { scopeKey } from '#core/scope.ts';
import { type Finding, warning } from '#yaml/finding.ts';
import type { GroupEntry } from './group-checks.ts';
import { architectureOf, registeredLabels } from './labels.ts';
import { draftParameters, type GroupDraft } from './schema.ts';
import type { WorkspaceEntries } from './workspace-checks.ts';

/** A group with the labels that its runners are registered with. */
type Labelled = GroupEntry & { readonly scope: string; readonly labels: ReadonlySet<string> };

/** All warnings between groups. */
export function relationFindings(groups: readonly GroupEntry[], workspaces: WorkspaceEntries): readonly Finding[] {
  const labelled = groups.flatMap(labelsOf);
  const inScope = Map.groupBy(labelled, ({ scope }) => scope);
  return [...[...inScope.values()].flatMap(containedLabels), ...poolPerRepository(labelled, workspaces)];
}

function labelsOf(group: GroupEntry): readonly Labelled[] {
  const { workspace, repository, labels, architecture } = group.draft;
  if (workspace === undefined || labels === undefined) return [];
  const scope = scopeKey({ workspace, repository: repository ?? undefined });
  return [{ ...group, scope, labels: new Set(registeredLabels(labels, architectureOf({ architecture, labels }))) }];
}

/** Bitbucket gives a step to any runner that has all of its labels, and may have more. */
function containedLabels(inScope: readonly Labelled[]): readonly Finding[] {
  const bySize = [...Map.groupBy(inScope, ({ labels }) => labels.size)];
  return bySize.flatMap(([size, members]) => {
    const others = bySize.flatMap(([more, those]) => (more > size ? those : []));
    return members.flatMap(({ index, labels }) => {
      const larger = others.filter((other) => areAmong(labels, other.labels));
      if (larger.length === 0) return [];
      const message = `are all among those of ${namesOf(larger)} too, so steps that ask for them may run there as well; add a label that only this group has, and ask for it in runs-on`;
      return [warning(['groups', index, 'labels'], message)];
    });
  });
}

function areAmong(labels: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  for (const label of labels) if (!others.has(label)) return false;
  return true;
}

/** What groups may differ in although one could do the work of all; workspace and labels are compared by what they mean. */
const OWN_KEYS = ['name', 'repository', 'strategy', 'parameters', 'schedules', 'weight', 'workspace', 'labels'];

function poolPerRepository(groups: readonly Labelled[], workspaces: WorkspaceEntries): readonly Finding[] {
  const idle = groups.filter(({ raw, draft }) => draft.repository && idleIn(raw, draft) > 0);
  const alike = Map.groupBy(idle, ({ draft, raw, labels }) => {
    const shared = Object.entries(raw).filter(([key]) => !OWN_KEYS.includes(key));
    return JSON.stringify([draft.workspace, [...labels], shared.sort()]);
  });
  return [...alike.values()].flatMap((members) => {
    const [first, second] = members;
    if (first === undefined || second === undefined) return [];
    const { workspace } = first.draft;
    const counts = members.map(({ raw, draft }) => idleIn(raw, draft));
    const kept = counts.reduce((sum, count) => sum + count, 0);
    const price = workspaces.get(workspace)?.settings.pricePerSlot;
    const costs = kept * (typeof price === 'number' ? price : PRICE_PER_SLOT);
    const message = `is one of ${members.length} repositories with runners of their own for the same labels (${namesOf(members)}): ${kept} idle runners around the clock, up to USD ${costs} a month where slots are billed; one group of workspace ${workspace} without "repository" would do with ${Math.max(...counts)}`;
    return [warning(['groups', first.index, 'repository'], message, 'value')];
  });
}

/** How many runners the group keeps when nothing runs. */
function idleIn({ parameters: written }: GroupEntry['raw'], { strategy }: GroupDraft): number {
  const parameters = draftParameters(written);
  const { min = 0 } = parameters;
  return strategy === 'percentageRunnersIdle' ? min : Math.max(min, bufferIn({ parameters, most: 0 }).idleCount);
}

/** `"a", "b" and 3 more` */
function namesOf(groups: readonly GroupEntry[]): string {
  const names = groups.map(({ draft, index }) => `"${draft.name ?? `groups[${index}]`}"`);
  const more = names.length > 3 ? [`${names.length - 2} more`] : [];
  const shown = [...(more.length > 0 ? names.slice(0, 2) : names), ...more];
  return shown.length === 1 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
