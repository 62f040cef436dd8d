/** The sections of a bitbucket-pipelines.yml, and which of them a pipeline runs. Pure. */
import type { PipelineSource } from '#core/ports.ts';
import { bestMatch } from './ref-glob.ts';

/** A step as the file has it. */
export type YamlStep = {
  /** Absent where it has none; no longer than `shortName` makes it. */
  readonly name?: string;
  /** Of `runs-on`, sorted; none: it runs on Bitbucket's own machines. More than a runner can have: nobody can run it. */
  readonly labels: readonly string[];
  /** Blocks come one after the other; the steps of one are beside each other. */
  readonly block: number;
  /** It has a token of its own and asks for runners with it, by this script. */
  readonly wakes?: string;
};

/** The steps under a key, by the key of a section, or what stands there instead. */
export type Section = readonly YamlStep[] | 'empty' | 'import' | ByKey;
export type ByKey = ReadonlyMap<string, Section>;

/** The sections of a file by their names; or one sentence's end that says why there are none. */
export type PipelinesFile = { readonly sections: ByKey } | { readonly problem: string };

/** The steps of one section, or why there are none. */
export type SectionSteps = { readonly steps: readonly YamlStep[] } | { readonly problem: string };

const LONGEST_NAME = 120;

/** A step's name as far as names are compared. */
export function shortName(name: string): string {
  return name.slice(0, LONGEST_NAME);
}

/**
 * The steps of the section that a pipeline runs, in order. A known key is taken as it is; without one the most specific
 * pattern that fits the branch or tag, and for a branch that none fits, `default`.
 */
export function stepsOf(sections: ByKey, source: PipelineSource): SectionSteps {
  const found = sectionOf(sections, source);
  const name = nameOf(source);
  if (found === undefined) return { problem: `has no section ${name}` };
  if (found === 'unclear') return { problem: `has too many and too long patterns to choose from for ${name}` };
  if (found === 'empty') return { problem: `has an empty section ${name}` };
  if (found === 'import') return { problem: `imports its section ${name}, which is not followed` };
  if (isByKey(found)) return { problem: `has no destination that fits in its section ${name}` };
  return { steps: found };
}

/** `default`, `branches: feature/*`. */
function nameOf({ section, pattern, ref }: PipelineSource): string {
  const key = section === 'default' ? undefined : (pattern ?? ref);
  return key === undefined ? section : `${section}: ${shortName(key)}`;
}

function sectionOf(sections: ByKey, source: PipelineSource): Section | 'unclear' | undefined {
  const { section, pattern, ref, destination } = source;
  const found =
    section === 'default'
      ? sections.get('default')
      : sectionFor(sections.get(section), pattern, section === 'custom' ? undefined : ref);
  if (isByKey(found)) return sectionFor(found, undefined, destination) ?? found;
  return found ?? (section === 'branches' && ref !== undefined ? sections.get('default') : undefined);
}

/** What stands under the key, or, where there is none, under the pattern that fits the name. */
function sectionFor(
  patterns: Section | undefined,
  key: string | undefined,
  name: string | undefined,
): Section | 'unclear' | undefined {
  if (!isByKey(patterns)) return undefined;
  const known = key === undefined ? undefined : patterns.get(key);
  if (known !== undefined || name === undefined) return known;
  const best = bestMatch([...patterns.keys()], name);
  return typeof best === 'object' ? patterns.get(best.pattern) : best;
}

function isByKey(section: Section | undefined | 'unclear'): section is ByKey {
  return section instanceof Map;
}
