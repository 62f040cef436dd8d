/** The parts of docs/templates.md that are made from the code: the variables, and the built-in template in full. */
import { BUILT_IN_TEMPLATE } from '#manifests/built-in-template.ts';
import { standInFor } from '#manifests/stand-ins.ts';
import { variablesOf } from '#manifests/variables.ts';
import { groupWith } from '../test/manifests/group.ts';
import { fill, markdown } from './documentation-tables.ts';

/** The text with its generated parts made anew. */
export function fillTemplateDocument(text: string): string {
  const template = `\`\`\`yaml\n${BUILT_IN_TEMPLATE.text}\`\`\``;
  return fill(fill(text, 'templateVariables', variablesTable()), 'builtInTemplate', template);
}

/** What each variable of a Job template means; one that is missing here, or is none, is an error. */
const MEANINGS: Readonly<Record<string, string>> = {
  runnerUuid: "The runner's uuid, without braces.",
  accountUuid: "The workspace's uuid, without braces.",
  repositoryUuid: "The repository's uuid, without braces; no value for runners of a workspace.",
  runnerNamespace: "The group's `namespace`.",
  runnerName: 'The name of the runner in the Bitbucket UI.',
  requests_memory: 'By `size`, or from `resources`.',
  requests_cpu: 'By `size`, or from `resources`.',
  limits_memory: 'As requested, or from `resources`.',
  limits_cpu: 'From `resources`; no value where the group sets no CPU limit.',
  group: "The group's name.",
  labels: "The runner's labels: a list, where it stands alone.",
  size: "The group's `size`; `custom` for one of its own.",
  architecture: '`amd64` or `arm64`.',
  oauthClientId_base64: "The runner's OAuth client, in base64. In the Secret only.",
  oauthClientSecret_base64: 'Its secret, in base64. In the Secret only.',
};

function variablesTable(): string {
  const { everywhere, secretOnly } = variablesOf(
    standInFor(groupWith({ size: '2x' }, { scope: { workspace: 'acme', repository: 'app' } })),
  );
  const values: Readonly<Record<string, unknown>> = { ...everywhere, ...secretOnly };
  const unknown = Object.keys(MEANINGS).filter((name) => !Object.hasOwn(values, name));
  const names = Object.keys(values).filter((name) => !isSecondSpelling(name, values));
  const unexplained = names.filter((name) => MEANINGS[name] === undefined);
  if (unknown.length + unexplained.length > 0) {
    throw new Error(`the meanings and the variables differ in ${[...unknown, ...unexplained].join(', ')}`);
  }
  return markdown(
    ['variable', 'also', 'meaning', 'such as'],
    names.map((name) => [
      `\`{{${name}}}\``,
      Object.keys(values)
        .filter((other) => other !== name && other === snakeCase(name))
        .map((other) => `\`{{${other}}}\``)
        .join(''),
      MEANINGS[name] ?? '',
      values[name] === undefined ? '' : `\`${String(values[name])}\``,
    ]),
  );
}

/** `runner_uuid` beside `runnerUuid`. */
function isSecondSpelling(name: string, values: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(values).some((other) => other !== name && snakeCase(other) === name);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}
