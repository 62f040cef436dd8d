/**
 * How a deployment is asked for: `osls COMMAND --stage prod --param clusters=ci`, or the same in environment variables
 * (`AUTOSCALER_STAGE`, `AUTOSCALER_CLUSTERS`, …), over which the command line wins, or in the file of the stage, over which
 * both win. Pure.
 */
import type { Variables } from '#adapters/environment.ts';
import { InputError } from '#core/errors.ts';
import { keptByNpm } from '#text/kept-by-npm.ts';
import { type Given, PARAMETERS } from './parameters.ts';
import { type StageFile, stagePath } from './stage-file.ts';

/** A command line, read. */
export type Invocation = Given & {
  /** Such as `deploy`; empty when there is none. */
  readonly command: string;
  /** What neither begins with a dash nor belongs to an option, after the command. */
  readonly operands: readonly string[];
  readonly region?: string;
};

/** Commands whose stack is built from the parameters; the others ask about one that is deployed. */
const BUILDING: readonly string[] = ['deploy', 'package', 'print'];

/** Options of osls that stand without a value, even before an operand; so does any that another option follows. */
const SWITCHES: readonly string[] = ['--verbose', '--force', '--help', '--log', '--raw', '--conceal', '--tail'];

/** Whether this invocation makes a stack, and so needs all that a stack needs. */
export function isDeployment({ command }: Pick<Invocation, 'command'>): boolean {
  return BUILDING.includes(command);
}

/** The file of a stage, if there is one. */
export type FindStageFile = (stage: string) => StageFile | undefined;

/**
 * Reads the arguments after the program, and what the file of the stage says besides. Throws `InputError` for a `--param`
 * that is not `name=value`, and for options that npm has kept.
 */
export function readInvocation(
  args: readonly string[],
  variables: Variables,
  findStageFile: FindStageFile = () => undefined,
): Invocation {
  const kept = keptByNpm(['stage', 'param', 'region'], variables);
  if (kept !== undefined) throw new InputError(kept);
  const { options, operands } = splitArguments(args);
  const optionOf = (...names: readonly string[]) => options.findLast(([name]) => names.includes(name))?.[1];
  const [command = '', ...rest] = operands;
  const stage = optionOf('--stage', '-s') ?? variables.AUTOSCALER_STAGE ?? 'dev';
  const file = findStageFile(stage);
  // The machine's region is for everything that runs there, that of the file for this stage.
  const region = optionOf('--region', '-r') ?? file?.region ?? variables.AWS_REGION ?? variables.AWS_DEFAULT_REGION;
  const said = {
    ...fromVariables(variables),
    ...Object.fromEntries(options.filter(([name]) => name === '--param').map(([, pair]) => readPair(pair))),
  };
  const places = Object.entries(file?.places ?? {}).filter(([name]) => !(name in said));
  return {
    command,
    operands: rest,
    stage,
    ...(region === undefined || region === '' ? {} : { region }),
    values: { ...file?.values, ...said },
    ...(places.length > 0 && { places: Object.fromEntries(places) }),
  };
}

/** The region of an invocation. Throws an `InputError` where none is named: none is ever assumed. */
export function regionOf({ region, stage }: Pick<Invocation, 'region' | 'stage'>): string {
  if (region !== undefined) return region;
  throw new InputError(
    `No AWS region is named; write region: eu-west-1 into ${stagePath(stage)}, give --region, or set AWS_REGION`,
  );
}

function splitArguments(args: readonly string[]) {
  const options: (readonly [name: string, value: string])[] = [];
  const operands: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? '';
    const [name = '', ...value] = argument.split('=');
    if (!argument.startsWith('-')) operands.push(argument);
    else if (value.length > 0) options.push([name, value.join('=')]);
    else if (!SWITCHES.includes(name) && !(args[index + 1] ?? '-').startsWith('-')) {
      index += 1;
      options.push([name, args[index] ?? '']);
    }
  }
  return { options, operands };
}

function readPair(pair: string): readonly [string, string] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
  if (name === undefined || value === undefined) {
    throw new InputError(`--param "${pair}" is not a parameter; write --param name=value`);
  }
  return [name, value];
}

function fromVariables(variables: Variables): Record<string, string> {
  const named = Object.keys(PARAMETERS).map(
    (name) => [name, variables[`AUTOSCALER_${name.toUpperCase().replaceAll('-', '_')}`]] as const,
  );
  return Object.fromEntries(named.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
