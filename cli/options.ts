/** The options that every command knows, and the environment that they change. */
import type { Command } from 'commander';
import { type Environment, readEnvironment, type Variables } from '#adapters/environment.ts';
import { collect } from './option-values.ts';

export type CommonOptions = {
  readonly config?: string;
  /** Absent: every group. */
  readonly group?: readonly string[];
  readonly state?: string;
  readonly json?: true;
};

/** Adds the common options to a command. */
export function withCommonOptions(command: Command): Command {
  return command
    .option('-c, --config <source>', 'configuration: a file, s3://bucket/key or ssm:/name (default: $CONFIG_SOURCE)')
    .option('-g, --group <name>', 'only this group; repeat it for more', collect)
    .option('--state <store>', 'memory between ticks: dynamodb:TABLE, sqlite:PATH or memory (default: $STATE_STORE)')
    .option('--json', 'print one JSON document on stdout; everything else goes to stderr');
}

/** The environment, with what the options say instead. Throws `InputError` for variables that are wrong. */
export function environmentFor(
  { config, state }: Pick<CommonOptions, 'config' | 'state'>,
  variables: Variables,
): Environment {
  return {
    ...readEnvironment(variables),
    ...(config === undefined ? {} : { configSource: config }),
    ...(state === undefined ? {} : { stateStore: state }),
  };
}
