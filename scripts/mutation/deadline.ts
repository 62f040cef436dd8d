/**
 * A reporter for Stryker that ends the run when its mutants have had `MUTATION_MS` milliseconds: Stryker's preparations do not
 * count, for on a busy machine they take all of a time that they are part of. It says which mutants have survived until then and,
 * by file, how many were not run, since Stryker takes files in the order of the tree. The limit of the configuration is applied
 * to those that were run; when none was, the run has failed.
 */
import { relative } from 'node:path';

/** A mutant, before it is run. */
type Mutant = { readonly fileName: string };

type MutantResult = Mutant & {
  readonly status: string;
  readonly location: { readonly start: { readonly line: number } };
  readonly mutatorName: string;
  readonly replacement?: string;
};

type Options = { readonly thresholds: { readonly break: number | null } };

/** What the tested mutants come to, in words and as an exit code. */
export function verdict(
  results: readonly MutantResult[],
  { planned, limit }: { readonly planned: readonly Mutant[]; readonly limit: number },
): { readonly lines: readonly string[]; readonly exitCode: number } {
  const noticed = results.filter(({ status }) => status === 'Killed' || status === 'Timeout');
  const unnoticed = results.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  const counted = noticed.length + unnoticed.length;
  const left = planned.length - results.length;
  const notRun = `${left} of ${planned.length} mutants were not run, since the time was up${leftByFile(planned, results)}.`;
  if (counted === 0)
    return { lines: [`${notRun} None was run: this says nothing, so it counts as failed.`], exitCode: 1 };
  const score = (100 * noticed.length) / counted;
  return {
    lines: [
      ...unnoticed.map(describe),
      `${notRun} Of the others ${score.toFixed(2)} % were noticed by the tests; at least ${limit} % have to be.`,
    ],
    exitCode: score < limit ? 1 : 0,
  };
}

/** How many mutants of which files were not run, in parentheses. */
function leftByFile(planned: readonly Mutant[], results: readonly Mutant[]): string {
  const inFile = (file: string, mutants: readonly Mutant[]) =>
    mutants.filter(({ fileName }) => fileName === file).length;
  const left = [...new Set(planned.map(({ fileName }) => fileName))].flatMap((file) => {
    const count = inFile(file, planned) - inFile(file, results);
    return count > 0 ? [`${count} of ${nameOf(file)}`] : [];
  });
  return left.length === 0 ? '' : ` (${left.join(', ')})`;
}

function nameOf(fileName: string): string {
  return relative(process.cwd(), fileName);
}

function describe({ status, fileName, location, mutatorName, replacement = '' }: MutantResult): string {
  const [first = '', ...more] = replacement.split('\n');
  const place = `${nameOf(fileName)}:${location.start.line}`;
  return `${status} ${place} ${mutatorName}: ${first}${more.length > 0 ? ' …' : ''}`;
}

class DeadlineReporter {
  static readonly inject = ['options'] as const;
  readonly #limit: number;
  readonly #results: MutantResult[] = [];
  #timer: NodeJS.Timeout | undefined;
  #planned: readonly Mutant[] = [];

  constructor({ thresholds }: Options) {
    this.#limit = thresholds.break ?? 0;
  }

  /** The tests have been run once by now. */
  onMutationTestingPlanReady({ mutantPlans }: { readonly mutantPlans: readonly { readonly mutant: Mutant }[] }): void {
    this.#planned = mutantPlans.map(({ mutant }) => mutant);
    this.#timer = setTimeout(() => this.#end(), Number(process.env.MUTATION_MS));
  }

  onMutantTested(result: MutantResult): void {
    this.#results.push(result);
  }

  wrapUp(): void {
    clearTimeout(this.#timer);
  }

  #end(): void {
    const { lines, exitCode } = verdict(this.#results, { planned: this.#planned, limit: this.#limit });
    process.stdout.write(`\n${lines.join('\n')}\n`);
    process.exit(exitCode);
  }
}

/** By this name Stryker finds what a file adds to it. */
export const strykerPlugins = [{ kind: 'Reporter', name: 'deadline', injectableClass: DeadlineReporter }];
