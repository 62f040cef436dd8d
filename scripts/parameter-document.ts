/** The tables of the deployment's parameters in README.md and docs/deploy.md. */
import { PARAMETER_MEANINGS } from '../infra/parameter-meanings.ts';
import { PARAMETERS, type ParameterName } from '../infra/parameters.ts';
import { fill, markdown } from './documentation-tables.ts';

/** A document with its table made anew. `deployDocument` is where docs/deploy.md lies from there; empty in itself. */
export function fillParameters(text: string, deployDocument = ''): string {
  const names = Object.keys(PARAMETER_MEANINGS) as ParameterName[];
  const rows = names.map((name) => [
    `\`${name}\``,
    defaultOf(name),
    PARAMETER_MEANINGS[name].meaning.replaceAll('](#', `](${deployDocument}#`),
  ]);
  return fill(text, 'parameters', markdown(['parameter', 'default', 'meaning'], rows));
}

function defaultOf(name: ParameterName): string {
  const value = PARAMETERS[name];
  return PARAMETER_MEANINGS[name].defaultText ?? (value === undefined ? 'none' : `\`${value}\``);
}
