/**
 * How a deployment is asked for: `osls COMMAND --stage prod --param clusters=ci`, or the same in environment variables
 * (`AUTOSCALER_STAGE`, `AUTOSCALER_CLUSTERS`, …), over which the command line wins. Pure.
 */
import type { Variables } from '#adapters/environment.ts';
import { InputError } from '#core/errors.ts';
import { type Given, PARAMETERS } from './parameters.ts';

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

/** Reads the arguments after the program. Throws `InputError` for a `--param` that is not `name=value`. */
export function readInvocation(args: readonly string[], variables: Variables): Invocation {
  const { options, operands } = splitArguments(args);
  const optionOf = (...names: readonly string[]) => options.findLast(([name]) => names.includes(name))?.[1];
  const [command = '', ...rest] = operands;
  const region = optionOf('--region', '-r') ?? variables.AWS_REGION ?? variables.AWS_DEFAULT_REGION;
  return {
    command,
    operands: rest,
    stage: optionOf('--stage', '-s') ?? variables.AUTOSCALER_STAGE ?? 'dev',
    ...(region === undefined || region === '' ? {} : { region }),
    values: {
      ...fromVariables(variables),
      ...Object.fromEntries(options.filter(([name]) => name === '--param').map(([, pair]) => readPair(pair))),
    },
  };
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
