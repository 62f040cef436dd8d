/** The table of the deployment's parameters in docs/deploy.md. */
import { PARAMETER_MEANINGS } from '../infra/parameter-meanings.ts';
import { PARAMETERS, type ParameterName } from '../infra/parameters.ts';
import { fill, markdown } from './documentation-tables.ts';

/** The document with its table made anew. */
export function fillParameters(text: string): string {
  const names = Object.keys(PARAMETER_MEANINGS) as ParameterName[];
  const rows = names.map((name) => [`\`${name}\``, defaultOf(name), PARAMETER_MEANINGS[name].meaning]);
  return fill(text, 'parameters', markdown(['parameter', 'default', 'meaning'], rows));
}

function defaultOf(name: ParameterName): string {
  const value = PARAMETERS[name];
  return PARAMETER_MEANINGS[name].defaultText ?? (value === undefined ? 'none' : `\`${value}\``);
}
