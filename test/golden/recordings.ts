/** What is recorded, and how it is made from the present code. Every recording is a file of JSON, one value a line. */
import { globSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import * as yaml from 'yaml';
import { type InspectedFleet, inspectFleet } from '#config/load.ts';
import { InputError } from '#core/errors.ts';
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { TickRecord } from '#core/model/report.ts';
import { previewManifests } from '#manifests/preview.ts';
import { explain } from '#tools/inspect/explanation.ts';
import { formatProblem } from '#yaml/problem.ts';
import { play } from './play.ts';
import { SCENARIOS } from './scenarios.ts';

/** A recorded file and the lines that it should have. */
export type Recording = { readonly file: string; readonly make: () => Promise<readonly string[]> };

/** Tick records that stand for those of the release before: they are read, and written only when asked for by name. */
export const RECORDS = 'records.jsonl';

const SAMPLES = 'config-samples.jsonl';

/** Every recording but the tick records. */
export const RECORDINGS: readonly Recording[] = [
  ...SCENARIOS.map((scenario) => ({
    file: `ticks-${scenario.name.replaceAll(' ', '-')}.jsonl`,
    make: async () => (await play(scenario)).lines,
  })),
  { file: 'config-files.jsonl', make: readConfigurations },
  { file: SAMPLES, make: readSamples },
  { file: 'manifests.jsonl', make: renderExamples },
  { file: 'explained.jsonl', make: async () => recordedTicks().flatMap(explainRecord) },
];

/** The lines of a recorded file; none if there is no such file. */
export function recorded(file: string): readonly string[] {
  const url = new URL(file, import.meta.url);
  return readFileSync(url, 'utf8').trimEnd().split('\n');
}

/** The recorded ticks of the release before. */
export function recordedTicks(): readonly TickRecord[] {
  return recorded(RECORDS).map((line) => JSON.parse(line) as TickRecord);
}

/** From all scenarios the fewest, shortest tick records that have every reason, bound and trouble once. */
export async function chooseRecords(): Promise<readonly string[]> {
  const played = await Promise.all(SCENARIOS.map(play));
  const lines = played.flatMap(({ records }) => records.map((record) => JSON.stringify(record)));
  const seen = new Set<string>();
  return lines
    .filter((line) => line.length < 9000)
    .toSorted((a, b) => a.length - b.length)
    .filter((line) => {
      const codes = [...line.matchAll(/"(?:code|phase)":"[^"]+"/g)].map(([code]) => code);
      const isNew = codes.some((code) => !seen.has(code));
      for (const code of codes) seen.add(code);
      return isNew;
    });
}

function explainRecord(record: TickRecord): readonly string[] {
  return record.report.groups.map(({ name }) =>
    JSON.stringify({ tick: record.id, group: name, ...explained(record, name) }),
  );
}

/** What is not copied from the record. */
function explained(record: TickRecord, name: string): object {
  const { version, seen, nowDecides } = explain(record, name);
  return { version, seen, nowDecides };
}

const FILES = [
  ...globSync('examples/*/{runners,runners_config}.yaml'),
  ...globSync('test/kit/atlassian/*/runners{-,_}config.yaml'),
].toSorted();

async function readConfigurations(): Promise<readonly string[]> {
  const lines = FILES.map(async (file) => {
    const text = await readFile(file, 'utf8');
    const embedded = embeddedIn(text);
    return [
      JSON.stringify({ file, ...(await inspect(file, text)) }),
      ...(embedded === undefined ? [] : [JSON.stringify({ in: file, ...(await inspect(file, embedded)) })]),
    ];
  });
  return (await Promise.all(lines)).flat().map((line) => line.replaceAll(homedir(), '~'));
}

/** The configuration that a ConfigMap holds, with a workspace in place of Atlassian's placeholders. */
function embeddedIn(text: string): string | undefined {
  const { kind, data } = yaml.parse(text) as {
    readonly kind?: string;
    readonly data?: Readonly<Record<string, string>>;
  };
  return kind === 'ConfigMap' ? Object.values(data ?? {})[0]?.replaceAll('my guid', 'acme') : undefined;
}

/** What is made of a text, with the Job templates that `read` finds beside it. */
async function inspect(
  source: string,
  text: string,
  read: (place: string) => Promise<string> = (place) => readFile(place, 'utf8'),
): Promise<InspectedFleet> {
  const readText = async (place: string) => (place === source ? text : read(place).catch(() => absent(place)));
  return inspectFleet(source, { readText });
}

function absent(place: string): never {
  throw new InputError(`${place} does not exist`);
}

/**
 * The configurations stay those of the file; to add one, add a line that has only `config`. What is recorded of a valid
 * one is in which its fleet differs from the first one's.
 */
async function readSamples(): Promise<readonly string[]> {
  const configs = recorded(SAMPLES).map((line) => (JSON.parse(line) as { readonly config: object }).config);
  // Whatever lies in or around the checkout is none of theirs.
  const none = () => Promise.reject(new Error('no file'));
  const seen = await Promise.all(configs.map((config) => inspect('runners.yaml', JSON.stringify(config), none)));
  const first = new Map(leavesOf(seen[0]?.fleet));
  return configs.map((config, index) =>
    JSON.stringify({ config, ...summary(index === 0 ? new Map() : first, seen[index]) }),
  );
}

function summary(first: ReadonlyMap<string, Leaf>, seen: InspectedFleet | undefined): object {
  const problems = seen?.problems.map(formatProblem) ?? [];
  const warnings = seen?.warnings.map(formatProblem) ?? [];
  const found = { ...(problems.length > 0 && { problems }), ...(warnings.length > 0 && { warnings }) };
  if (problems.length > 0) return found;
  const leaves = new Map(leavesOf(seen?.fleet));
  const gone = [...first.keys()].filter((path) => !leaves.has(path));
  return {
    ...found,
    ...Object.fromEntries([...leaves].filter(([path, value]) => first.get(path) !== value)),
    ...(gone.length > 0 && { gone }),
  };
}

type Leaf = string | number | boolean | null;

/** Every value that holds no other, by its path. */
function leavesOf(value: unknown, path: readonly string[] = []): readonly (readonly [string, Leaf])[] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null) return [[path.join('.'), value as Leaf]];
  const entries = Object.entries(value);
  if (entries.length === 0) return [[path.join('.'), Array.isArray(value) ? '[]' : '{}']];
  return entries.flatMap(([key, inner]) => leavesOf(inner, [...path, key]));
}

async function renderExamples(): Promise<readonly string[]> {
  const fleets = await Promise.all(
    FILES.map(async (file) => {
      const text = await readFile(file, 'utf8');
      const { groups } = (
        await inspectFleet(file, {
          readText: async (place) => (place === file ? (embeddedIn(text) ?? text) : readFile(place, 'utf8')),
        })
      ).fleet;
      return groups.map((group) => ({ file, group }));
    }),
  );
  return fleets.flat().map(({ file, group }) => JSON.stringify({ file, ...manifestsOf(group) }));
}

function manifestsOf(group: RunnerGroup): object {
  try {
    return previewManifests(group);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { group: group.name, problems: error.problems };
  }
}
