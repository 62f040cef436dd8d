/** Atlassian's Job template as one of ours: the language first, faithfully; then the repairs of what goes wrong. */
import type * as yaml from 'yaml';
import { YamlError } from '#yaml/bounded.ts';
import type { InputProblem } from '#yaml/problem.ts';
import { LANGUAGE, MANDATORY_LABELS, type MigrationChange, NODE_SELECTOR } from './changes.ts';
import { type Excerpt, problemIn } from './excerpt.ts';
import { isHelmTemplate } from './jinja.ts';
import { translate } from './language.ts';
import { type Amounts, repairJob } from './repairs.ts';

/** A template that is repaired, or the reasons why it cannot be converted. */
export type ConvertedTemplate = {
  /** Absent exactly if there are problems. */
  readonly document?: yaml.Document;
  readonly changes: readonly MigrationChange[];
  /** Each with its place in the source. */
  readonly problems: readonly InputProblem[];
  readonly warnings: readonly InputProblem[];
  /** What the template gave to the runner container, for the groups to give to the docker container. */
  readonly amounts?: Amounts | undefined;
};

/** Converts a template and repairs it. */
export function convertTemplate(excerpt: Excerpt): ConvertedTemplate {
  try {
    return convert(excerpt);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return { changes: [], warnings: [], problems: [problemIn(excerpt, { line: 1 }, `${error.message}; ${ONE_JOB}`)] };
  }
}

const ONE_JOB = 'a template holds one Job';

function convert(excerpt: Excerpt): ConvertedTemplate {
  if (isHelmTemplate(excerpt.text)) {
    const line = excerpt.text.split('\n').findIndex(isHelmTemplate) + 1;
    const message = 'this is Helm; render the chart first (helm template … > rendered.yaml) and migrate the result';
    return { changes: [], warnings: [], problems: [problemIn(excerpt, { line }, message)] };
  }
  const { document, problems, problemAt } = translate(excerpt);
  if (problems.length > 0) return { changes: [], warnings: [], problems };
  const { changes, warnings, amounts } = repairJob(document);
  return {
    document,
    changes: [
      LANGUAGE,
      ...(/^[ \t]*\{%.*\bnode_selector\b/m.test(excerpt.text) ? [NODE_SELECTOR] : []),
      ...changes,
      MANDATORY_LABELS,
    ],
    problems: [],
    warnings: warnings.map(({ offset, message }) => problemAt(offset, message)),
    amounts,
  };
}
