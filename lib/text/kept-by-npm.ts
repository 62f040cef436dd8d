/** Options that never arrive: without `--` before them, npm takes them for its own. */

/** npm knows these itself, so they say nothing about where they came from. */
const OWN = ['all', 'force', 'help', 'json', 'version', 'workspace', 'yes'];

/**
 * A sentence that says what to write instead, when npm has kept some of these options, given without their dashes. npm
 * hands what it keeps to its scripts as variables.
 */
export function keptByNpm(
  options: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const script = variables.npm_lifecycle_event;
  const kept = options
    .filter((name) => !OWN.includes(name) && variables[`npm_config_${name.replaceAll('-', '_')}`] !== undefined)
    .map((name) => `--${name}`);
  if (script === undefined || kept.length === 0) return undefined;
  return `npm kept ${kept.join(' and ')} for itself; write -- before what is meant for the script: npm run --silent ${script} -- … ${kept[0]} …`;
}
