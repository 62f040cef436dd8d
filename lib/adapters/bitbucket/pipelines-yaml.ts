/**
 * What bitbucket-pipelines.yml says of the labels that steps ask for; Bitbucket shows them nowhere else. Pure. The file is
 * other people's: it is read within bounds, and no text of it but step and section names gets out.
 */

import { parseDocument } from 'yaml';
import type { PipelineSource } from '#core/ports.ts';
import { isRecord } from '#yaml/values.ts';
import { bestMatch } from './ref-glob.ts';

/** A step as the file has it. */
export type YamlStep = {
  /** Absent where it has none. */
  readonly name?: string;
  /** Of `runs-on`, sorted; none: it runs on Bitbucket's own machines. */
  readonly labels: readonly string[];
  /** Blocks come one after the other; the steps of one are beside each other. */
  readonly block: number;
};

/** The value under `pipelines`, aliases and merge keys resolved; or one sentence's end that says why there is none. */
export type PipelinesFile = { readonly pipelines: unknown } | { readonly problem: string };

/** The steps of one section, or why there are none. */
export type SectionSteps = { readonly steps: readonly YamlStep[] } | { readonly problem: string };

/** Longer than any file written by hand; in characters. */
const LONGEST_FILE = 512 * 1024;

/** A file may use an anchor often; what multiplies by itself is stopped here. */
const MOST_ALIASES = 10_000;

/** Bitbucket takes 100 steps in a pipeline. */
const MOST_STEPS = 1000;

/** Reads the file. Never throws. */
export function parsePipelines(text: string): PipelinesFile {
  if (text.length > LONGEST_FILE) return { problem: `is longer than ${LONGEST_FILE / 1024} KiB` };
  try {
    // Failsafe: a branch 1.0 and a label 22 are texts. Looking for repeated keys takes the square of their number.
    const document = parseDocument(text, { schema: 'failsafe', merge: true, uniqueKeys: false });
    const [error] = document.errors;
    if (error !== undefined) {
      const line = error.linePos?.[0].line;
      return { problem: `is no YAML (${error.code}${line === undefined ? '' : ` in line ${line}`})` };
    }
    return { pipelines: fieldOf(document.toJS({ maxAliasCount: MOST_ALIASES }), 'pipelines') };
  } catch {
    // Aliases of nothing, or of too much, and nesting without end. The parser's message may quote the file.
    return { problem: 'is YAML that cannot be resolved (aliases or nesting)' };
  }
}

/**
 * The steps of the section that a pipeline runs, in order. A known key is taken as it is; without one the most specific
 * pattern that fits the branch or tag, and for a branch that none fits, `default`.
 */
export function stepsOf(pipelines: unknown, source: PipelineSource): SectionSteps {
  const section = sectionOf(pipelines, source);
  const name = nameOf(source);
  if (section === undefined) return { problem: `has no section ${name}` };
  if (!Array.isArray(section)) return { problem: `imports its section ${name}, which is not followed` };
  const steps: YamlStep[] = [];
  let block = 0;
  for (const written of section.values().flatMap(blocksOf)) {
    steps.push(...written.flatMap((step) => readStep(step, block)));
    block += 1;
    if (steps.length > MOST_STEPS) return { problem: `has more than ${MOST_STEPS} steps in its section ${name}` };
  }
  return { steps };
}

/** `default`, `branches: feature/*`. */
function nameOf({ section, pattern, ref }: PipelineSource): string {
  const key = section === 'default' ? undefined : (pattern ?? ref);
  return key === undefined ? section : `${section}: ${key}`;
}

function sectionOf(pipelines: unknown, { section, pattern, ref }: PipelineSource): unknown {
  if (section === 'default') return fieldOf(pipelines, 'default');
  const patterns = fieldOf(pipelines, section);
  if (pattern !== undefined && fieldOf(patterns, pattern) !== undefined) return fieldOf(patterns, pattern);
  if (section === 'custom' || ref === undefined) return undefined;
  const best = bestMatch(isRecord(patterns) ? Object.keys(patterns) : [], ref);
  if (best !== undefined) return fieldOf(patterns, best);
  return section === 'branches' ? fieldOf(pipelines, 'default') : undefined;
}

/** The steps of a list item, block by block: of a step, a parallel set, a stage; anything else has none. */
function* blocksOf(item: unknown): Generator<readonly unknown[]> {
  const parallel = fieldOf(item, 'parallel');
  const stage = fieldOf(item, 'stage');
  if (parallel !== undefined) yield listOf(parallel).map((entry) => fieldOf(entry, 'step'));
  else if (stage === undefined) yield [fieldOf(item, 'step')];
  // A stage holds steps and parallel sets, never another stage.
  else for (const entry of listOf(stage)) if (fieldOf(entry, 'stage') === undefined) yield* blocksOf(entry);
}

/** A list, or an object that has it under `steps`. */
function listOf(value: unknown): readonly unknown[] {
  const list = Array.isArray(value) ? value : fieldOf(value, 'steps');
  return Array.isArray(list) ? list.slice(0, MOST_STEPS + 1) : [];
}

function readStep(step: unknown, block: number): readonly YamlStep[] {
  if (!isRecord(step)) return [];
  const name = fieldOf(step, 'name');
  const labels = labelsOf(fieldOf(step, 'runs-on'));
  return [{ ...(typeof name === 'string' && name !== '' ? { name } : {}), labels, block }];
}

/** `runs-on` is one label, a list of them, or an object with the list under `labels`. */
function labelsOf(runsOn: unknown): readonly string[] {
  const given = isRecord(runsOn) ? fieldOf(runsOn, 'labels') : runsOn;
  const labels = (Array.isArray(given) ? given : [given]).filter((label) => typeof label === 'string' && label !== '');
  return [...new Set(labels)].sort();
}

function fieldOf(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
