/**
 * From a configuration source to the fleet: reads the file and the Job templates that it refers to. The only file of this
 * wing that is not pure: it asks for the home directory, and calls the reader that it is given.
 */
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, posix } from 'node:path';
import { InputError, sentenceOf } from '#core/errors.ts';
import type { ClusterSettings, Fleet, JobTemplate } from '#core/model/configuration.ts';
import { type Finding, type Path, problem } from '#yaml/finding.ts';
import type { InputProblem } from '#yaml/problem.ts';
import { toFleet } from './fleet.ts';
import { readConfig } from './read.ts';
import type { Config, JobTemplateConfig } from './schema.ts';

/** How texts are read, and the cluster of a file that defines none (default: the kubeconfig's current context). */
export type LoadDependencies = {
  readonly readText: (source: string) => Promise<string>;
  readonly defaultCluster?: ClusterSettings;
};

/** A valid fleet, and what its author should know of it. */
export type LoadedFleet = { readonly fleet: Fleet; readonly warnings: readonly InputProblem[] };

/** What was found out about a configuration, whether or not it is valid. */
export type InspectedFleet = LoadedFleet & {
  /** Everything that is wrong with the file, and every template that could not be read. */
  readonly problems: readonly InputProblem[];
  /** Finds the place in the file of something that turns out later. */
  readonly locate: (finding: Finding) => InputProblem;
};

/**
 * Loads the configuration at `source` (`s3://bucket/key`, `ssm:/name` or a file). Throws an `InputError` with every
 * problem of the file and of reading the templates that its groups use, all at once. A service that fails to give a
 * template is no problem of the file: the groups that use it are `unready`.
 */
export async function loadFleet(source: string, deps: LoadDependencies): Promise<LoadedFleet> {
  const { fleet, problems, warnings } = await readFleet(source, deps);
  if (problems.length > 0) throw new InputError(problems);
  return { fleet, warnings };
}

/**
 * As `loadFleet`, but what is wrong is an answer: the fleet then holds the groups in which nothing is, so that they
 * can be looked at further. Throws when nothing is wrong and a service keeps a template back.
 */
export async function inspectFleet(source: string, deps: LoadDependencies): Promise<InspectedFleet> {
  const { failure, ...inspected } = await readFleet(source, deps);
  // A service that does not answer is not the author's mistake, but what is wrong with the file is to be told first.
  if (failure !== undefined && inspected.problems.length === 0) throw failure;
  return inspected;
}

async function readFleet(
  source: string,
  deps: LoadDependencies,
): Promise<InspectedFleet & { readonly failure?: unknown }> {
  const { soundPart, problems, warnings, locate } = readConfig(await deps.readText(source), source);
  if (soundPart === undefined)
    return { fleet: { groups: [], workspaces: {}, clusters: {} }, problems, warnings, locate };
  const read = await readTemplates(soundPart, source, deps.readText);
  const failures = new Map(read.flatMap(({ name, failure }) => (failure === undefined ? [] : [[name, failure]])));
  const templates = new Map(read.flatMap(({ name, template }) => (template === undefined ? [] : [[name, template]])));
  const groups = soundPart.groups.filter(
    ({ jobTemplate: name }) => name === undefined || templates.has(name) || failures.has(name),
  );
  const fleet = toFleet(
    { ...soundPart, groups },
    {
      templates,
      unread: new Map([...failures].map(([name, failure]) => [name, `template ${name}: ${sentenceOf(failure)}`])),
      defaultCluster: deps.defaultCluster ?? { kind: 'kubeconfig' },
      resolve: (path) => resolveBeside(source, path),
    },
  );
  const unread = read.flatMap(({ finding }) => (finding === undefined ? [] : [locate(finding)]));
  const [failure] = failures.values();
  return { fleet, problems: [...problems, ...unread], warnings, locate, failure };
}

/** A template, or why there is none: its author's mistake, or a service that failed. */
type ReadTemplate = {
  readonly name: string;
  readonly template?: JobTemplate;
  readonly finding?: Finding;
  readonly failure?: unknown;
};

async function readTemplates(
  config: Config,
  source: string,
  readText: LoadDependencies['readText'],
): Promise<readonly ReadTemplate[]> {
  const used = new Set(config.groups.map((group) => group.jobTemplate));
  const entries = Object.entries(config.jobTemplates).filter(([name]) => used.has(name));
  return Promise.all(
    entries.map(async ([name, template]): Promise<ReadTemplate> => {
      const { origin, path, inline } = placeOf(template, ['jobTemplates', name], source);
      try {
        const text = inline ?? (await readText(origin));
        return text.trim() === ''
          ? { name, finding: problem(path, `${origin} is empty; it has to hold a Job`) }
          : { name, template: { name, origin, text } };
      } catch (error) {
        return error instanceof InputError ? { name, finding: problem(path, error.message) } : { name, failure: error };
      }
    }),
  );
}

function placeOf(
  template: JobTemplateConfig,
  path: Path,
  configSource: string,
): { origin: string; path: Path; inline?: string } {
  if (template.source !== undefined) return { origin: template.source, path: [...path, 'source'] };
  if (template.path !== undefined) {
    return { origin: resolveBeside(configSource, template.path), path: [...path, 'path'] };
  }
  return { origin: `${configSource} ${path.join('.')}`, path: [...path, 'inline'], inline: template.inline };
}

/** Where a path leads that stands in the file at `source`: next to that file, in S3 and SSM too. */
function resolveBeside(source: string, path: string): string {
  if (path.startsWith('~/')) return join(homedir(), path.slice(2));
  if (isAbsolute(path)) return path;
  const remote = /^(s3:\/\/[^/]+|ssm:)(.*)$/.exec(source);
  if (remote === null) return join(dirname(source), path);
  const [, store = '', key = ''] = remote;
  return `${store}${posix.join(posix.dirname(key), path)}`;
}
