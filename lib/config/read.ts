/**
 * The text of a configuration file to the configuration it describes, or to everything that is wrong with it. Pure.
 */
import { parseYaml, type YamlDocument } from '#yaml/document.ts';
import { type Finding, problem } from '#yaml/finding.ts';
import type { InputProblem } from '#yaml/problem.ts';
import { isRecord } from '#yaml/values.ts';
import { crossKeyFindings } from './checks.ts';
import { schemaFindings } from './issues.ts';
import { Config } from './schema.ts';

/** What came of reading: `config` exactly if there are no `problems`. Both lists are in the order of the text. */
type ReadConfig = {
  readonly config?: Config;
  /** What is right by itself: the file without its groups, templates and other entries in which something is wrong. */
  readonly soundPart?: Config;
  readonly problems: readonly InputProblem[];
  readonly warnings: readonly InputProblem[];
  /** Finds the place of something that turns out to be wrong later. */
  readonly locate: YamlDocument['locate'];
};

/** Reads and checks a file's text; `source` names it in the problems. */
export function readConfig(text: string, source: string): ReadConfig {
  const document = parseYaml(text, source);
  const value = withoutAnchorPlaces(document.value);
  const findings = [...document.findings, ...valueFindings(document, value)];
  const located = (severity: Finding['severity']) =>
    findings
      .filter((finding) => finding.severity === severity)
      .map(document.locate)
      .sort(byPlace);
  const problems = located('problem');
  const soundPart = soundPartOf(
    value,
    findings.filter(({ severity }) => severity === 'problem'),
  );
  return {
    config: problems.length === 0 ? soundPart : undefined,
    soundPart,
    problems,
    warnings: located('warning'),
    locate: document.locate,
  };
}

function valueFindings(document: YamlDocument, value: unknown): readonly Finding[] {
  if (value === undefined) return document.findings.length > 0 ? [] : [EMPTY];
  if (value === null) return [EMPTY];
  if (isRecord(value) && value.kind === 'ConfigMap') return [CONFIG_MAP];
  return [...schemaFindings(value), ...crossKeyFindings(value)];
}

const EMPTY = problem([], 'is empty; a configuration has at least one group under "groups"');
const CONFIG_MAP = problem(
  [],
  'is a Kubernetes ConfigMap; give what stands under its data, in "runners_config.yaml", as a file of its own',
);

/** The entries of every section that no problem is in, if a configuration can be made of them. */
function soundPartOf(value: unknown, problems: readonly Finding[]): Config | undefined {
  if (!isRecord(value) || problems.some(({ path }) => path.length === 0)) return undefined;
  const wrong = new Set(problems.map(({ path: [section, entry] }) => `${section} ${entry}`));
  const isWrong = (section: string, entry: string | number) => wrong.has(`${section} ${entry}`);
  const wrongAsWhole = new Set(problems.filter(({ path }) => path.length === 1).map(({ path }) => path[0]));
  const sections = Object.entries(value).filter(([section]) => !wrongAsWhole.has(section));
  const entries = sections.map(([section, content]) => {
    if (Array.isArray(content)) return [section, content.filter((_, index) => !isWrong(section, index))];
    if (!isRecord(content)) return [section, content];
    return [section, Object.fromEntries(Object.entries(content).filter(([key]) => !isWrong(section, key)))];
  });
  return Config.safeParse(Object.fromEntries(entries)).data;
}

/** Top-level keys that start with `x-` hold YAML anchors and nothing else. */
function withoutAnchorPlaces(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-')));
}

function byPlace(a: InputProblem, b: InputProblem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}
