/**
 * From a configuration source to the fleet: reads the file and the Job templates that it refers to.
 */
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, posix } from 'node:path';
import { InputError, type InputProblem } from '../errors.ts';
import type { ClusterSettings, Fleet, JobTemplate } from '../model.ts';
import { type Path, problem } from './finding.ts';
import { toFleet } from './fleet.ts';
import { type ReadConfig, readConfig } from './read.ts';
import type { Config, JobTemplateConfig } from './schema.ts';

/** How texts are read, and the cluster of a file that defines none (default: the kubeconfig's current context). */
export type LoadDependencies = {
  readonly readText: (source: string) => Promise<string>;
  readonly defaultCluster?: ClusterSettings;
};

/** A valid fleet, and what its author should know of it. */
export type LoadedFleet = { readonly fleet: Fleet; readonly warnings: readonly InputProblem[] };

/**
 * Loads the configuration at `source` (`s3://bucket/key`, `ssm:/name` or a file). Throws an `InputError` with every
 * problem of the file at once, or, when the file is right, of all the templates that its groups use.
 */
export async function loadFleet(source: string, deps: LoadDependencies): Promise<LoadedFleet> {
  const { config, problems, warnings, locate } = readConfig(await deps.readText(source), source);
  if (config === undefined) throw new InputError(problems);
  const fleet = toFleet(config, {
    templates: await readTemplates(config, source, deps.readText, locate),
    defaultCluster: deps.defaultCluster ?? { kind: 'kubeconfig' },
    resolve: (path) => resolveBeside(source, path),
  });
  return { fleet, warnings };
}

async function readTemplates(
  config: Config,
  source: string,
  readText: LoadDependencies['readText'],
  locate: ReadConfig['locate'],
): Promise<ReadonlyMap<string, JobTemplate>> {
  const used = new Set(config.groups.map((group) => group.jobTemplate));
  const entries = Object.entries(config.jobTemplates).filter(([name]) => used.has(name));
  const problems: InputProblem[] = [];
  const templates = await Promise.all(
    entries.map(async ([name, template]): Promise<JobTemplate> => {
      const { origin, path, inline } = placeOf(template, ['jobTemplates', name], source);
      try {
        const text = inline ?? (await readText(origin));
        if (text.trim() === '') problems.push(locate(problem(path, `${origin} is empty; it has to hold a Job`)));
        return { name, origin, text };
      } catch (error) {
        // A service that does not answer is not the author's mistake.
        if (!(error instanceof InputError)) throw error;
        problems.push(locate(problem(path, error.message)));
        return { name, origin, text: '' };
      }
    }),
  );
  if (problems.length > 0) throw new InputError(problems);
  return new Map(templates.map((template) => [template.name, template]));
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
