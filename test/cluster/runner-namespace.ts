/** A namespace for runners as `kubectl apply -k infra/kubernetes` sets it up, under another name. */
import { readFileSync } from 'node:fs';
import { parse, parseAllDocuments } from 'yaml';
import type { Manifest } from '#core/ports.ts';

const BASE = new URL('../../infra/kubernetes/base/', import.meta.url);

/** The Role of the autoscaler itself. */
export const ROLE_NAME = 'bitbucket-runner-autoscaler';

/** One line of a Role. */
export type Rule = {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
};

/** Every shipped object in kustomize's order, the Namespace first, moved to `namespace`. */
export function runnerNamespaceObjects(namespace: string): readonly Manifest[] {
  const { resources } = parse(read('kustomization.yaml')) as { resources: readonly string[] };
  return resources
    .flatMap((file) => parseAllDocuments(read(file)).map((document) => document.toJS() as Manifest))
    .map((object) =>
      object.kind === 'Namespace'
        ? { ...object, metadata: { ...object.metadata, name: namespace } }
        : { ...object, metadata: { ...object.metadata, namespace } },
    );
}

/** The shipped rights of the autoscaler, with those of the component pods-log. */
export function autoscalerRules(): readonly Rule[] {
  const role = runnerNamespaceObjects('any').find(
    ({ kind, metadata }) => kind === 'Role' && metadata.name === ROLE_NAME,
  );
  return [...((role?.rules ?? []) as readonly Rule[]), ...podsLogRules()];
}

/** The rights that the component pods-resize adds. */
export function podsResizeRules(): readonly Rule[] {
  return rulesOf('../pods-resize/role.yaml');
}

/** The rights that the component pods-log adds. */
export function podsLogRules(): readonly Rule[] {
  return rulesOf('../pods-log/role.yaml');
}

function rulesOf(file: string): readonly Rule[] {
  const objects = parseAllDocuments(read(file)).map((document) => document.toJS() as Manifest);
  return objects.find(({ kind }) => kind === 'Role')?.rules as readonly Rule[];
}

function read(file: string): string {
  return readFileSync(new URL(file, BASE), 'utf8');
}
