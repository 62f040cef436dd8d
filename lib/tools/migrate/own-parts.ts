/**
 * What a repaired template has and the built-in one has not. Most have only a node selector; a group can have that
 * itself, and then needs no template.
 */
import * as yaml from 'yaml';
import { BUILT_IN_TEMPLATE } from '#manifests/built-in-template.ts';
import { podOf } from '#manifests/check-relations.ts';
import { plainValue } from '#yaml/bounded.ts';
import { type Fields, isAbsent, isRecord, recordOf } from '#yaml/values.ts';
import type { GroupDefaults } from './config.ts';
import { MOST_VALUES } from './language.ts';
import { objectOf } from './repairs.ts';

export type OwnParts = {
  /** What the groups can say themselves, under the names that they have for it. */
  readonly settings: GroupDefaults;
  /** Paths of everything else in the Job, and with `Secret` before them in the Secret. */
  readonly others: readonly string[];
};

/** Fields of a pod that a group has too, under the same name. */
const POD_SETTINGS = [
  'nodeSelector',
  'tolerations',
  'serviceAccountName',
  'automountServiceAccountToken',
  'priorityClassName',
];
const POD = 'spec.template.spec';

/** What Atlassian's own templates say and what has no effect, or a better one in the built-in template. */
const ATLASSIANS = new Map<string, unknown>([
  ['spec.template.metadata.labels.customer', 'shared'],
  [`${POD}.containers[runner].imagePullPolicy`, 'Always'],
]);

/** Compares a repaired template with the built-in one. */
export function ownParts(document: yaml.Document): OwnParts {
  const builtIn = yaml.parseDocument(BUILT_IN_TEMPLATE.text);
  const own = (['Job', 'Secret'] as const)
    .flatMap((kind) => {
      const theirs = canonical(plainObject(document, kind));
      return extras(theirs, plainObject(builtIn, kind), kind === 'Job' ? '' : kind);
    })
    .filter(({ path, value }) => ATLASSIANS.get(path) !== value);
  const isSetting = ({ path }: Extra) => POD_SETTINGS.some((key) => path.startsWith(`${POD}.${key}`));
  const env = own.filter(({ path, value }) => isPlainVariable(path, value));
  return {
    settings: { ...tokenOfKubernetes(document), ...podSettings(own.filter(isSetting)), ...environment(env) },
    others: own.filter((extra) => !isSetting(extra) && !env.includes(extra)).map(({ path }) => path),
  };
}

/** The object as plain data; null where there is none. */
function plainObject(document: yaml.Document, kind: 'Job' | 'Secret'): unknown {
  return plainValue({ contents: objectOf(document, kind) ?? null }, { values: MOST_VALUES });
}

/** Something that is not in the built-in template. Items of lists go by their `name`: `containers[runner]`. */
type Extra = { readonly path: string; readonly key: string; readonly value: unknown };

function extras(value: unknown, known: unknown, path: string, key = ''): readonly Extra[] {
  if (isAbsent(value) || JSON.stringify(value) === JSON.stringify(known)) return [];
  if (isNamedList(value) && isNamedList(known)) {
    return value.flatMap((item) => {
      const name = String(item.name);
      const counterpart = known.find((other) => other.name === item.name);
      return extras(item, counterpart, `${path}[${name}]`, name);
    });
  }
  if (isRecord(value) && isRecord(known)) {
    return Object.entries(value).flatMap(([field, inner]) =>
      extras(inner, known[field], path === '' ? field : `${path}.${field}`, field),
    );
  }
  return [{ path, key, value }];
}

/** Kubernetes mounts the token of a service account unless told otherwise; the built-in template tells it otherwise. */
function tokenOfKubernetes(document: yaml.Document): GroupDefaults {
  const pod = podOf(recordOf(plainObject(document, 'Job')));
  const isMounted = !isAbsent(pod.serviceAccountName) && isAbsent(pod.automountServiceAccountToken);
  return isMounted ? { automountServiceAccountToken: true } : {};
}

function podSettings(own: readonly Extra[]): GroupDefaults {
  const selector = own.filter(({ path }) => path.startsWith(`${POD}.nodeSelector.`));
  const others = own.filter((extra) => !selector.includes(extra));
  return {
    ...(selector.length === 0
      ? {}
      : { nodeSelector: Object.fromEntries(selector.map(({ key, value }) => [key, value])) }),
    ...Object.fromEntries(others.map(({ key, value }) => [key, value])),
  };
}

function isPlainVariable(path: string, value: unknown): boolean {
  if (!path.startsWith(`${POD}.containers[runner].env[`) || !isRecord(value)) return false;
  const isPlain = typeof value.value === 'string' && !value.value.includes('{{');
  return isPlain && Object.keys(value).sort().join() === 'name,value';
}

function environment(own: readonly Extra[]): GroupDefaults {
  if (own.length === 0) return {};
  return { env: Object.fromEntries(own.map(({ key, value }) => [key, (value as Fields).value])) };
}

/** In the spelling of the built-in template: camelCase names, the runner's image with its major version. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [camelCase(key), canonical(inner)]));
  }
  return typeof value === 'string' ? camelCase(value).replace(RUNNER_IMAGE, '$1:1') : value;
}

const RUNNER_IMAGE =
  /^(docker-public\.packages\.atlassian\.com\/sox\/atlassian\/bitbucket-pipelines-runner)(:1|:latest)?$/;
const SNAKE_NAMES =
  /\b(account_uuid|repository_uuid|runner_uuid|runner_namespace|oauth_client_id|oauth_client_secret)(?=\b|_base64)/g;

function camelCase(text: string): string {
  return text.replace(SNAKE_NAMES, (name) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
}

function isNamedList(value: unknown): value is readonly Fields[] {
  return Array.isArray(value) && value.every((item) => isRecord(item) && typeof item.name === 'string');
}
