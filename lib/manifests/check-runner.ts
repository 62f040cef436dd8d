/**
 * Checks that a Job and its Secret make one runner: its identity in the environment, credentials that exist, and exactly
 * one pod. Kubernetes may accept a manifest whose runner never comes online. Pure.
 */
import type { ManifestInput } from '#core/ports.ts';
import { bareUuid } from '#core/uuid.ts';
import { type Finding, problem, warning, when } from '#yaml/finding.ts';
import { type Fields, isAbsent, listOf, recordOf } from '#yaml/values.ts';
import { type Item, itemsOf, POD, podOf } from './check-relations.ts';
import { runnerIndex } from './containers.ts';
import { secretName } from './naming.ts';

const CREDENTIALS = ['OAUTH_CLIENT_ID', 'OAUTH_CLIENT_SECRET'];

/** What keeps the Job from being the runner of `input`; `secret` is the Secret that will be created beside it. */
export function runnerFindings(job: Fields, secret: Fields, input: ManifestInput): readonly Finding[] {
  const spec = recordOf(job.spec);
  const pod = podOf(job);
  const containers = listOf(pod.containers);
  const index = runnerIndex(containers);
  const runner: Item = { item: recordOf(containers[index]), path: [...POD, 'containers', index] };
  return [
    ...onePodFindings(spec),
    ...when(
      isAbsent(pod.restartPolicy),
      problem([...POD, 'restartPolicy'], 'is missing; a Job needs OnFailure or Never, and OnFailure is right here'),
    ),
    ...(containers.length === 0 ? [] : identityFindings(runner, input)),
    ...containers.flatMap((container, each) =>
      credentialFindings({ item: recordOf(container), path: [...POD, 'containers', each] }, secret, input),
    ),
  ];
}

/** Two pods would be two processes with one RUNNER_UUID, which Bitbucket answers with conflicts. */
function onePodFindings(spec: Fields): readonly Finding[] {
  const isSet = (key: string) => !isAbsent(spec[key]);
  return [
    ...['completions', 'parallelism']
      .filter((key) => isSet(key) && spec[key] !== 1)
      .map((key) => problem(['spec', key], 'has to be 1: each further pod would be a second process of one runner')),
    ...['selector', 'manualSelector']
      .filter(isSet)
      .map((key) => problem(['spec', key], 'is made by the cluster for every Job; remove it', 'key')),
    ...when(spec.suspend === true, problem(['spec', 'suspend'], 'keeps the runner from ever starting; remove it')),
  ];
}

/** The variables by which a runner knows who it is, each with what it has to hold. */
function identityOf({
  runner,
  identity,
}: ManifestInput): readonly (readonly [name: string, uuid: string, hole: string])[] {
  const { workspaceUuid, repositoryUuid } = identity;
  return [
    ['ACCOUNT_UUID', workspaceUuid, 'accountUuid'],
    ...(repositoryUuid === undefined ? [] : [['REPOSITORY_UUID', repositoryUuid, 'repositoryUuid'] as const]),
    ['RUNNER_UUID', runner.uuid, 'runnerUuid'],
  ];
}

function identityFindings({ item, path }: Item, input: ManifestInput): readonly Finding[] {
  const environment = itemsOf(item.env, [...path, 'env']);
  const named = (name: string) => environment.find((variable) => variable.item.name === name);
  const identity = identityOf(input);
  const missing = [
    ...identity.filter(([name]) => named(name) === undefined).map(([name, , hole]) => `${name}: "{{{${hole}}}}"`),
    ...CREDENTIALS.filter((name) => named(name) === undefined).map((name) => `${name} from the Secret`),
  ];
  // A variable may also come from elsewhere; only what is written here can be judged.
  const wrong = identity.flatMap(([name, uuid, hole]) => {
    const { item: { value } = {}, path: at = [] } = named(name) ?? {};
    const isWrong = value !== undefined && value !== uuid;
    return when(isWrong, problem([...at, 'value'], identityMessage(String(value), uuid, hole)));
  });
  const message = `does not set what the runner needs to come online: ${missing.join(', ')}`;
  const isIncomplete = missing.length > 0 && listOf(item.envFrom).length === 0;
  return [...wrong, ...when(isIncomplete, warning([...path, 'env'], message))];
}

function identityMessage(value: string, uuid: string, hole: string): string {
  return value === bareUuid(uuid)
    ? `lacks the braces that the runner wants around its uuid; write "{{{${hole}}}}"`
    : `is not the uuid of this runner's registration; write "{{{${hole}}}}"`;
}

/** A key that the Secret does not have keeps the pod from starting. */
function credentialFindings({ item, path }: Item, secret: Fields, { runner }: ManifestInput): readonly Finding[] {
  const keys = [...Object.keys(recordOf(secret.data)), ...Object.keys(recordOf(secret.stringData))];
  return itemsOf(item.env, [...path, 'env']).flatMap(({ item: variable, path: at }) => {
    const { name, key, optional } = recordOf(recordOf(variable.valueFrom).secretKeyRef);
    const isOurs = name === secretName(runner.uuid) && optional !== true && typeof key === 'string';
    if (!isOurs || keys.includes(key)) return [];
    const message = `the Secret has no key ${JSON.stringify(key)}; there ${keys.length === 1 ? 'is' : 'are'} ${keys.join(', ') || 'none'}`;
    return [problem([...at, 'valueFrom', 'secretKeyRef', 'key'], message)];
  });
}
