/**
 * What bitbucket-pipelines.yml says of the labels that steps ask for; Bitbucket shows them nowhere else. Pure. The file is
 * other people's: it is read within bounds, and nothing of it but the names of sections and steps and labels gets out,
 * these shortened.
 */
import type { Scalar } from 'yaml';
import { plainValue, tooLarge, type YamlLimits } from '#yaml/bounded.ts';
import { parseLeniently } from '#yaml/indentation.ts';
import { type Fields, isRecord } from '#yaml/values.ts';
import { type ByKey, type PipelinesFile, type Section, shortName, type YamlStep } from './sections.ts';

/** Longer than files written by hand, and few enough values that a hundred files fit into a function's memory. */
const LIMITS: YamlLimits = { characters: 128 * 1024, tokens: 64_000, values: 100_000 };

/** Of all sections together; Bitbucket takes 100 in a pipeline. */
const MOST_STEPS = 2000;

/** Bitbucket gives a runner at most 10; one more shows that nobody can run the step. */
const MOST_LABELS = 11;

const LONGEST_LABEL = 100;

/** Reads the file. Never throws. */
export function parsePipelines(text: string): PipelinesFile {
  try {
    const excess = tooLarge(text, LIMITS);
    if (excess !== undefined) return { problem: excess };
    // Failsafe: a branch 1.0 and a label 22 are texts. Looking for repeated keys takes the square of their number.
    const options = { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const;
    const document = parseLeniently(text, options);
    const [error] = document.errors;
    if (error !== undefined) return { problem: `is no YAML (${error.code} in line ${lineAt(text, error.pos[0])})` };
    return readSections(plainValue(document, { values: LIMITS.values, scalar: textOf }));
  } catch {
    // Aliases of nothing, or of too much, and nesting without end. The parser's message may quote the file.
    return { problem: 'is YAML that cannot be resolved (aliases or nesting)' };
  }
}

/** The line of an offset, counted from 1. */
function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** `~` and nothing are no text. */
function textOf({ value, type }: Scalar): unknown {
  return type === 'PLAIN' && /^(?:~|null|Null|NULL)?$/.test(String(value)) ? null : value;
}

const BY_KEY = ['branches', 'tags', 'bookmarks', 'pull-requests', 'custom'];

function readSections(value: unknown): PipelinesFile {
  const pipelines = fieldOf(value, 'pipelines');
  const sections = new Map<string, Section>();
  const work: Work = { labels: new Map(), left: MOST_STEPS };
  const standard = fieldOf(pipelines, 'default');
  if (standard !== undefined) sections.set('default', readSection(standard, work));
  for (const name of BY_KEY) {
    const patterns = fieldOf(pipelines, name);
    if (isRecord(patterns)) sections.set(name, readKeys(patterns, work));
  }
  return work.left < 0 ? { problem: `has more than ${MOST_STEPS} steps` } : { sections };
}

/** Label sets that were met, each once, and how many steps may follow. */
type Work = { readonly labels: Map<string, readonly string[]>; left: number };

function readKeys(patterns: Fields, work: Work): ByKey {
  return new Map(Object.entries(patterns).map(([key, section]) => [key, readSection(section, work)]));
}

function readSection(section: unknown, work: Work): Section {
  const destinations = fieldOf(section, 'destinations');
  if (isRecord(destinations)) return readKeys(destinations, work);
  if (section === null || (Array.isArray(section) && section.length === 0)) return 'empty';
  if (!Array.isArray(section)) return 'import';
  const steps: YamlStep[] = [];
  let block = 0;
  for (const written of section.values().flatMap(blocksOf)) {
    if (work.left < 0) break;
    steps.push(...written.flatMap((step) => readStep(step, block, work)));
    block += 1;
  }
  return steps;
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
  return Array.isArray(list) ? list : [];
}

function readStep(step: unknown, block: number, work: Work): readonly YamlStep[] {
  if (!isRecord(step)) return [];
  work.left -= 1;
  const name = fieldOf(step, 'name');
  const labels = labelsOf(fieldOf(step, 'runs-on'));
  const key = labels.join(' ');
  const known = work.labels.get(key) ?? labels;
  work.labels.set(key, known);
  const named = typeof name === 'string' && name !== '' ? { name: shortName(name) } : {};
  return [{ ...named, labels: known, block, ...wakingScript(step) }];
}

/** Of a script, as much as is kept to tell which groups it wakes. */
const LONGEST_SCRIPT = 4_000;

/** By our command, or by a script that sends its token to `WAKE_URL`, as in docs/from-zero.md. */
function wakingScript(step: Fields): { readonly wakes?: string } {
  if (fieldOf(step, 'oidc') !== 'true') return {};
  const script = fieldOf(step, 'script');
  // What is no text is a pipe, or hostile.
  const text = (Array.isArray(script) ? script : []).filter((line) => typeof line === 'string').join('\n');
  return /autoscaler wake|WAKE_URL/.test(text) ? { wakes: text.slice(0, LONGEST_SCRIPT) } : {};
}

/** `runs-on` is one label, a list of them, or an object with the list under `labels`. */
function labelsOf(runsOn: unknown): readonly string[] {
  const given = isRecord(runsOn) ? fieldOf(runsOn, 'labels') : runsOn;
  const labels = (Array.isArray(given) ? given : [given]).filter((label) => typeof label === 'string' && label !== '');
  return [...new Set(labels.map((label) => shortened(label, LONGEST_LABEL)))].sort().slice(0, MOST_LABELS);
}

/** What is cut off is told apart from what is not. */
function shortened(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}

function fieldOf(value: unknown, key: string): unknown {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
