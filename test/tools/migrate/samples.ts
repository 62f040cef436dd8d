/** The fixtures in Atlassian's forms, and variations of them. */
import { readFileSync } from 'node:fs';
import * as yaml from 'yaml';
import { type Migration, type MigrationOptions, migrate } from '#tools/migrate/migrate.ts';
import type { SourceFile } from '#tools/migrate/source-files.ts';
import { formatProblem } from '#yaml/problem.ts';

const FIXTURES = new URL('../../kit/atlassian/', import.meta.url);

export function fixture(source: string): SourceFile {
  return { source, text: readFileSync(new URL(source, FIXTURES), 'utf8') };
}

export const GUIDE = ['control-plane.yaml', 'job-template.yaml', 'runners-config.yaml'].map((name) =>
  fixture(`guide-1x/${name}`),
);
export const KUSTOMIZE = ['cm-job-template.yaml', 'kustomization.yaml', 'runners_config.yaml'].map((name) =>
  fixture(`kustomize-3x/${name}`),
);
export const CHART = [fixture('chart-3.11/rendered.yaml')];

/** What stands under a ConfigMap's only key. */
function dataOf(source: string): string {
  const { data } = yaml.parse(fixture(source).text) as { data: Record<string, string> };
  return Object.values(data)[0] ?? '';
}

/** The guide's configuration and templates of both versions as bare texts. */
export const GUIDE_CONFIG = dataOf('guide-1x/runners-config.yaml');
export const GUIDE_TEMPLATE = dataOf('guide-1x/job-template.yaml');
export const KUSTOMIZE_TEMPLATE = dataOf('kustomize-3x/cm-job-template.yaml');
/** The template of 3.11, whose `node_selector` is a loop. */
export const CHART_TEMPLATE = readFileSync(
  new URL('../../../examples/atlassian-3.11/job.yaml.template', import.meta.url),
  'utf8',
);
/** The same without placeholders. */
export const CONFIG = GUIDE_CONFIG.replaceAll('my guid', 'acme');

/** The guide's template with one piece of text changed, which has to be there. */
export function templateWith(before: string, after: string, template = GUIDE_TEMPLATE): string {
  if (!template.includes(before)) throw new Error(`the template has no ${before}`);
  return template.replace(before, () => after);
}

/** Migrates a configuration and a template, as bare files. */
export function migrateTexts(
  { config = CONFIG, template = GUIDE_TEMPLATE }: { config?: string; template?: string },
  options: MigrationOptions = {},
): Promise<Migration> {
  return migrate(
    [
      { source: 'runners_config.yaml', text: config },
      { source: 'job.yaml.template', text: template },
    ],
    options,
  );
}

export function fileOf({ files }: Migration, name: string): string {
  const file = files.find((one) => one.name === name);
  if (file === undefined) throw new Error(`${name} was not made`);
  return file.text;
}

export const configOf = (migration: Migration) => fileOf(migration, 'runners_config.yaml');
export const templateOf = (migration: Migration) => fileOf(migration, 'job-template.yaml');

/** The pod of the migrated template, as data with its holes. */
export function podOf(migration: Migration): Record<string, unknown> {
  const { items } = yaml.parse(templateOf(migration)) as { items: { kind: string; spec: JobSpec }[] };
  const job = items.find(({ kind }) => kind === 'Job');
  if (job === undefined) throw new Error('the template holds a Job');
  return job.spec.template.spec;
}

type JobSpec = { template: { spec: Record<string, unknown> } };

export const problemsOf = ({ problems }: Migration) => problems.map(formatProblem);
export const warningsOf = ({ warnings }: Migration) => warnings.map(formatProblem);
export const codesOf = ({ changes }: Migration) => changes.map(({ code }) => code);
