/**
 * From the files of Atlassian's autoscaler to those of this one. All or nothing: either files that the loader and the
 * template engine of this project accept, or every reason why not, each with its place in the given files. Reads
 * and writes no file.
 */
import { loadFleet } from '#config/load.ts';
import { InputError } from '#core/errors.ts';
import { checkGroups } from '#manifests/check.ts';
import type { InputProblem } from '#yaml/problem.ts';
import {
  builtInChange,
  CONFIG_FILE,
  credentialChange,
  type MigrationChange,
  noTemplateChange,
  SIZE_MOVED,
  TEMPLATE_FILE,
} from './changes.ts';
import { addToGroups, type ConvertedConfig, convertConfig, nameTemplate } from './config.ts';
import { type Excerpt, problemIn } from './excerpt.ts';
import { templateText } from './language.ts';
import { type OwnParts, ownParts } from './own-parts.ts';
import { textWithStandIns } from './placeholders.ts';
import { type Contents, type FoundObject, readContents, type SourceFile } from './source-files.ts';
import { type ConvertedTemplate, convertTemplate } from './template.ts';

export type MigrationOptions = {
  /** Do without the template where the built-in one and the groups can say the same. */
  readonly builtIn?: boolean;
  /** Path or address of the JSON Schema, for editors. */
  readonly schema?: string;
};

/** A file to write. */
export type MigratedFile = { readonly name: string; readonly text: string };

export type Migration = {
  /** Empty exactly if there are problems. */
  readonly files: readonly MigratedFile[];
  readonly changes: readonly MigrationChange[];
  /** Each with its place in the given files. */
  readonly problems: readonly InputProblem[];
  /** What to look at or to fill in. */
  readonly warnings: readonly InputProblem[];
  readonly objects: readonly ObjectFate[];
  /** How many groups the configuration has, and how many placeholders in them are still to be replaced. */
  readonly groups: number;
  readonly placeholders: number;
  /** What is in the template and not in the built-in one; absent without a template. */
  readonly own?: OwnParts;
};

/** `obsolete`: a part of Atlassian's autoscaler. `needed`: the result refers to it. `unknown`: something else. */
type ObjectFate = FoundObject & { readonly fate: 'obsolete' | 'needed' | 'unknown' };

/** The name of the template in `jobTemplates`. */
const TEMPLATE_NAME = 'runner';

/** Migrates everything that the files hold. Throws `InputError` for files that hold nothing to migrate. */
export async function migrate(files: readonly SourceFile[], options: MigrationOptions = {}): Promise<Migration> {
  const contents = readContents(files);
  const sources = sourcesIn(contents, options);
  const parts: Parts = {
    config: sources.config && convertConfig(sources.config),
    template: sources.template && convertTemplate(sources.template),
  };
  const own = parts.template?.document && ownParts(parts.template.document);
  const problems = [
    ...(parts.config?.problems ?? []),
    ...(parts.template?.problems ?? []),
    ...(options.builtIn && sources.template && own ? builtInProblems(sources.template, own) : []),
  ];
  if (problems.length > 0) return failed(problems);

  const changes = [
    ...joinParts(parts, options.builtIn ? own : undefined),
    ...contents.credentials.map(credentialChange),
  ];
  const written = writtenFiles(parts, options);
  const verdict = await verify(written, parts.config);
  if (verdict.problems.length > 0) return failed(verdict.problems);
  const texts = written.map(({ text }) => text);
  return {
    files: written,
    changes,
    problems: [],
    warnings: [...warningsOf(parts, options), ...verdict.warnings],
    objects: fatesOf(contents.objects, texts),
    groups: verdict.groups,
    placeholders: parts.config?.placeholders.length ?? 0,
    ...(own === undefined ? {} : { own }),
  };
}

type Parts = { readonly config: ConvertedConfig | undefined; readonly template: ConvertedTemplate | undefined };

function warningsOf({ config, template }: Parts, { builtIn }: MigrationOptions): readonly InputProblem[] {
  // A template whose docker container is sized by itself leaves the groups' limits where they were.
  const isSizedByGroups = builtIn || template === undefined || template.changes.includes(SIZE_MOVED);
  return [
    ...(config?.warnings ?? []),
    ...(isSizedByGroups ? (config?.limits ?? []) : []),
    ...(builtIn ? [] : (template?.warnings ?? [])),
  ];
}

function failed(problems: readonly InputProblem[]): Migration {
  return { files: [], changes: [], problems, warnings: [], objects: [], groups: 0, placeholders: 0 };
}

/** The one configuration and the one template; at least one of them. */
function sourcesIn(
  { configs, templates, problems }: Contents,
  { builtIn }: MigrationOptions,
): { config?: Excerpt; template?: Excerpt } {
  const [[config], [template]] = [configs, templates];
  const again = ([first, ...others]: readonly Excerpt[], what: string) => {
    const message = `is a second ${what}, after the one of ${first?.source}; migrate one at a time`;
    return others.map((one) => problemIn(one, { line: 1 }, message));
  };
  const found = [...problems, ...again(configs, 'runner configuration'), ...again(templates, 'Job template')];
  if (found.length > 0) throw new InputError(found);
  if (config === undefined && template === undefined) {
    throw new InputError(
      'The files hold neither a runner configuration nor a Job template; give those with runners_config.yaml and job.yaml.template',
    );
  }
  if (builtIn && config === undefined) {
    throw new InputError(
      '--built-in needs the runner configuration, as its groups then say what the template said; give it too',
    );
  }
  return { ...(config && { config }), ...(template && { template }) };
}

function builtInProblems(excerpt: Excerpt, { others }: OwnParts): readonly InputProblem[] {
  return others.map((path) =>
    problemIn(excerpt, { line: 1 }, 'is not in the built-in template; migrate without --built-in to keep it', path),
  );
}

/** Brings configuration and template together, and tells every change. `builtIn`: what groups say instead of it. */
function joinParts({ config, template }: Parts, builtIn: OwnParts | undefined): readonly MigrationChange[] {
  if (config?.document === undefined) return template?.changes ?? [];
  if (template === undefined) return [...config.changes, noTemplateChange()];
  const { document } = config;
  const resources = template.amounts === undefined ? {} : { resources: template.amounts };
  if (builtIn !== undefined) {
    addToGroups(document, { ...resources, ...builtIn.settings });
    const amounts = template.changes.filter(({ code }) => code === 'amounts-to-groups');
    return [...config.changes, ...amounts, builtInChange(Object.keys(builtIn.settings))];
  }
  const named = nameTemplate(document, TEMPLATE_NAME);
  addToGroups(document, { jobTemplate: TEMPLATE_NAME, ...resources });
  return [...config.changes, named, ...template.changes];
}

function writtenFiles({ config, template }: Parts, { builtIn, schema }: MigrationOptions): readonly MigratedFile[] {
  const modeline = schema === undefined ? '' : `# yaml-language-server: $schema=${schema}\n`;
  const configText = config?.document?.toString({ lineWidth: 0 });
  const jobText = builtIn || template?.document === undefined ? undefined : templateText(template.document);
  return [
    ...(configText === undefined ? [] : [{ name: CONFIG_FILE, text: `${modeline}${CONFIG_HEADER}${configText}` }]),
    ...(jobText === undefined ? [] : [{ name: TEMPLATE_FILE, text: `${TEMPLATE_HEADER}${jobText}` }]),
  ];
}

const CONFIG_HEADER = `# Runner groups, migrated from Atlassian's runners_config.yaml. Every key is explained in docs/configuration.md.

`;
const TEMPLATE_HEADER = `# The Job and the Secret of a runner, migrated from Atlassian's job.yaml.template. A scalar may hold {{variables}}; an
# entry whose variable has no value is left out.

`;

type Verdict = Pick<Migration, 'problems' | 'warnings' | 'groups'>;

/** Loads what is to be written as it will be loaded, with stand-ins for placeholders. */
async function verify(files: readonly MigratedFile[], config: ConvertedConfig | undefined): Promise<Verdict> {
  if (config?.document === undefined) return { problems: [], warnings: [], groups: 0 };
  const texts = new Map(files.map(({ name, text }) => [name, text]));
  const standIn = textWithStandIns(config.document, config.placeholders);
  try {
    const { fleet, warnings } = await loadFleet(CONFIG_FILE, {
      readText: async (name) => (name === CONFIG_FILE ? standIn : (texts.get(name) ?? '')),
    });
    const manifests = checkGroups(fleet.groups);
    return {
      problems: manifests.problems,
      warnings: [...warnings.map(withoutPlace), ...manifests.warnings],
      groups: fleet.groups.length,
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { problems: error.problems.map(withoutPlace), warnings: [], groups: 0 };
  }
}

/** The line of a file that is not written in this form would mislead; the path says it all. */
function withoutPlace({ source, path, message }: InputProblem): InputProblem {
  return { source, path, message };
}

/** What becomes of each object around the two ConfigMaps; `texts` are the files that were made. */
function fatesOf(objects: readonly FoundObject[], texts: readonly string[]): readonly ObjectFate[] {
  const words = new Set(texts.flatMap((text) => text.replace(/(^|\s)#.*$/gm, '').match(/[\w.-]+/g) ?? []));
  return objects.map((object) => ({
    ...object,
    fate: words.has(object.name) ? 'needed' : object.isTheirs ? 'obsolete' : 'unknown',
  }));
}
