/** `migrate`: the files of Atlassian's autoscaler become those of this one. Calls nobody. */
import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { writePrivate } from '#adapters/private-file.ts';
import { readSource } from '#adapters/source.ts';
import { InputError, sentenceOf } from '#core/errors.ts';
import type { MigratedFile, Migration } from '#tools/migrate/migrate.ts';
import { migrationDocument, renderMigration } from '#tools/migrate/migration-text.ts';
import type { ExitCode } from './failure.ts';
import type { Terminal } from './terminal.ts';

const HELP = `
Takes the ConfigMaps of Atlassian's runners-autoscaler (any number of files, with other objects beside them) or the bare
files runners_config.yaml and job.yaml.template, of versions 1.x to 3.x. Writes runners_config.yaml and job-template.yaml
into DIR, keeps your comments and settings, and lists what changed and why. Credentials are neither read nor written.

Examples:
  $ runner-autoscaler migrate --out migrated config.yaml job-template.yaml
  $ kubectl get configmap -n bitbucket-runner-control-plane -o yaml > all.yaml
  $ runner-autoscaler migrate --out migrated all.yaml
  $ runner-autoscaler migrate --out migrated --built-in --force --json all.yaml | jq '.changes[].what'

Exit code: 0 written, 1 something in the files cannot be converted and nothing was written, 2 wrong use, or files that
cannot be read.`;

type Options = {
  readonly out: string;
  readonly builtIn?: true;
  readonly schema?: string;
  readonly force?: true;
  readonly json?: true;
};

/** Adds the command to the program. */
export function addMigrate(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('migrate')
    .description("convert the files of Atlassian's autoscaler")
    .argument('<file...>', 'ConfigMaps, kubectl output, runners_config.yaml, job.yaml.template')
    .requiredOption('-o, --out <dir>', 'directory for the two files; made if it is missing')
    .option('--built-in', 'use the built-in Job template where it says the same, and write none')
    .option('--schema <address>', 'path or address of configuration.schema.json, noted in the file for editors')
    .option('--force', 'overwrite files in DIR')
    .option('--json', 'print one JSON document on stdout; everything else goes to stderr')
    .addHelpText('after', HELP)
    .action(async (files: readonly string[], options: Options) => finish(await run(files, options, terminal)));
}

async function run(files: readonly string[], options: Options, { print, layout }: Terminal): Promise<ExitCode> {
  const { out, builtIn = false, schema, force = false, json } = options;
  const sources = await Promise.all(files.map(read));
  // Kubernetes' field tables come with it, which the other commands have no use for.
  const { migrate } = await import('#tools/migrate/migrate.ts');
  const migration = await migrate(sources, { builtIn, ...(schema === undefined ? {} : { schema }) });
  if (!force) await refuseToOverwrite(out, migration);
  const written = await writeFiles(out, migration.files);
  const lines = json
    ? [JSON.stringify(migrationDocument(migration, written))]
    : renderMigration(migration, written, layout);
  for (const line of lines) print(line);
  return migration.problems.length === 0 ? 0 : 1;
}

/** A file's text. Throws `InputError` for a Helm chart, which is no file with objects but a folder or an archive of templates. */
async function read(source: string): Promise<{ readonly source: string; readonly text: string }> {
  const isChart = /\.t(ar\.)?gz$/.test(source) || (await exists(join(source, 'Chart.yaml')));
  if (!isChart) return { source, text: await readSource(source) };
  throw new InputError(
    `${source} is a Helm chart; render it first (helm template … > rendered.yaml) and give the result`,
  );
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function refuseToOverwrite(out: string, { files }: Migration): Promise<void> {
  const paths = files.map(({ name }) => join(out, name));
  const exist = await Promise.all(paths.map(exists));
  const existing = paths.filter((_, index) => exist[index]);
  if (existing.length === 0) return;
  const verb = existing.length === 1 ? 'exists' : 'exist';
  throw new InputError(`${existing.join(' and ')} ${verb} already; give another --out, or --force to overwrite`);
}

/** Gives the paths of the files. */
async function writeFiles(out: string, files: readonly MigratedFile[]): Promise<readonly string[]> {
  const paths = files.map(({ name }) => join(out, name));
  try {
    if (files.length > 0) await mkdir(out, { recursive: true });
    // Both files or none: they are put in place only when both are complete.
    for (const { name, text } of files) await writePrivate(join(out, `${name}.partial`), text);
    for (const path of paths) await rename(`${path}.partial`, path);
  } catch (error) {
    throw new InputError(`Nothing can be written to ${out} (${sentenceOf(error)}); give another --out`, {
      cause: error,
    });
  }
  return paths;
}
