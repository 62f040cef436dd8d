/** What a template may refer to: Atlassian's variables in both of their spellings, and ours. */
import type { Quantities, RunnerGroup } from '#core/model/configuration.ts';
import type { ManifestInput } from '#core/ports.ts';
import { bareUuid } from '#core/uuid.ts';
import type { TemplateVariables } from './template.ts';

/** Bitbucket's sizes, as quantities of the container in which steps run. */
const SIZES: Readonly<Record<Extract<RunnerGroup['pod']['size'], string>, Required<Quantities>>> = {
  '1x': { memory: '4Gi', cpu: '1000m' },
  '2x': { memory: '8Gi', cpu: '2000m' },
  '4x': { memory: '16Gi', cpu: '4000m' },
  '8x': { memory: '32Gi', cpu: '8000m' },
};

/** What `{{size}}` gives for a size that has no name; made to be a label. */
const CUSTOM_SIZE = 'custom';

/** The variables of one runner. Uuids are without braces; the credentials are for the Secret only. */
export function variablesOf({ group, runner, identity, credentials }: ManifestInput): TemplateVariables {
  const { requests, limits } = resourcesOf(group.pod);
  return {
    everywhere: {
      ...inBothSpellings({
        runnerUuid: bareUuid(runner.uuid),
        accountUuid: bareUuid(identity.workspaceUuid),
        repositoryUuid: identity.repositoryUuid === undefined ? undefined : bareUuid(identity.repositoryUuid),
        runnerNamespace: group.namespace,
        runnerName: runner.name,
      }),
      requests_memory: requests.memory,
      requests_cpu: requests.cpu,
      limits_memory: limits.memory,
      limits_cpu: limits.cpu,
      group: group.name,
      labels: group.labels,
      size: typeof group.pod.size === 'string' ? group.pod.size : CUSTOM_SIZE,
      architecture: group.pod.architecture,
    },
    secretOnly: inBothSpellings({
      oauthClientId_base64: base64(credentials.clientId),
      oauthClientSecret_base64: base64(credentials.clientSecret.reveal()),
    }),
  };
}

/**
 * What a step gets. The group's own `resources` win over its size; a request or a limit that is given alone stands for
 * both, so that a request never exceeds its limit. Memory is always limited, at what is requested: it is the node's
 * other runners that would pay. CPU is limited only where the group says so.
 */
function resourcesOf({ resources = {}, size }: RunnerGroup['pod']): { requests: Quantities; limits: Quantities } {
  const { requests = {}, limits = {} } = resources;
  const sized = typeof size === 'string' ? SIZES[size] : size;
  const memory = requests.memory ?? limits.memory ?? sized.memory;
  const cpu = requests.cpu ?? limits.cpu ?? sized.cpu;
  return {
    requests: { memory, cpu },
    limits: { memory: limits.memory ?? memory, ...(limits.cpu === undefined ? {} : { cpu: limits.cpu }) },
  };
}

/** `{ runnerUuid }` → `{ runnerUuid, runner_uuid }` */
function inBothSpellings(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const snakes = Object.entries(values).map(([name, value]) => [
    name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`),
    value,
  ]);
  return { ...values, ...Object.fromEntries(snakes) };
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
