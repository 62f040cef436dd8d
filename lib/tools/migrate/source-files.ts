/**
 * What the given files hold: the runner configuration, the Job template, and the objects around them. Knows the
 * ConfigMaps of Atlassian's guide and kustomize folder, with other documents beside them or in a List, and the two bare
 * files. Values of Secrets and of environment variables are never looked at, only names.
 */
import * as yaml from 'yaml';
import { parseWithin, plainValue, YamlError, type YamlLimits } from '#yaml/bounded.ts';
import type { Path } from '#yaml/finding.ts';
import type { InputProblem } from '#yaml/problem.ts';
import { objectsIn, offsetOf } from '#yaml/tree.ts';
import type { CredentialKind } from './changes.ts';
import { type Excerpt, type Fault, fileExcerpt, scalarExcerpt } from './excerpt.ts';
import { isHelmTemplate } from './jinja.ts';

/** A file to migrate; `source` names it in messages. */
export type SourceFile = { readonly source: string; readonly text: string };

/** A Kubernetes object, the two ConfigMaps included. */
export type FoundObject = {
  readonly kind: string;
  readonly name: string;
  readonly source: string;
  readonly line: number;
  /** Whether it looks like a part of Atlassian's autoscaler. */
  readonly isTheirs: boolean;
  /** Whether Helm made it, so that `helm uninstall` deletes it. */
  readonly isOfHelm: boolean;
};

export type Contents = {
  readonly configs: readonly Excerpt[];
  readonly templates: readonly Excerpt[];
  readonly objects: readonly FoundObject[];
  readonly credentials: readonly CredentialKind[];
  /** Files that cannot be read as any of this. */
  readonly problems: readonly InputProblem[];
};

/** Looks through all files. */
export function readContents(files: readonly SourceFile[]): Contents {
  const parts = files.flatMap(contentsOf);
  return {
    configs: parts.flatMap(({ config }) => config ?? []),
    templates: parts.flatMap(({ template }) => template ?? []),
    objects: parts.flatMap(({ object }) => object ?? []),
    credentials: [...new Set(parts.flatMap(({ credentials }) => credentials ?? []))],
    problems: parts.flatMap(({ problem }) => problem ?? []),
  };
}

/** What one document, or an entry of a ConfigMap, holds. */
type Part = {
  readonly config?: Excerpt;
  readonly template?: Excerpt;
  readonly object?: FoundObject;
  readonly credentials?: readonly CredentialKind[];
  readonly problem?: InputProblem;
};

/** Many times what an installation has in one file. */
export const LIMITS: YamlLimits = { characters: 1024 * 1024, tokens: 200_000, values: 200_000 };

/** A file with what tells the line of an offset, counted from 1. */
type File = SourceFile & { readonly lineAt: (offset: number) => number };

function contentsOf(source: SourceFile): readonly Part[] {
  const lineCounter = new yaml.LineCounter();
  const file = { ...source, lineAt: (offset: number) => lineCounter.linePos(offset).line };
  try {
    const parse = (text: string, options: yaml.ParseOptions) =>
      yaml.parseAllDocuments(text, { ...options, lineCounter });
    return contentsOfDocuments(file, parseWithin(file.text, LIMITS, parse));
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return [nothingIn(file, `${error.message}; give the files of Atlassian's autoscaler only`)];
  }
}

function contentsOfDocuments(file: File, documents: readonly yaml.Document.Parsed[]): readonly Part[] {
  const [fault] = documents.flatMap(faultsIn);
  if (fault !== undefined) {
    const isTemplate = /<%|\{%/.test(file.text) && !/^kind:\s*ConfigMap\s*$/m.test(file.text);
    return [isTemplate ? { template: fileExcerpt(file.source, file.text) } : unreadable(file, fault)];
  }
  const roots = documents.map(({ contents }) => contents).filter((root) => !isEmpty(root));
  if (roots.length === 0) return [nothingIn(file, 'is empty; give a file with the configuration or the Job template')];
  return roots.flatMap((root) => contentsOfNode(file, root, roots.length === 1));
}

/** What the parser says, or else keys that come twice. Throws `YamlError` for values that are too many, or no values. */
function faultsIn(document: yaml.Document.Parsed): readonly Fault[] {
  if (document.errors.length > 0) return document.errors.map(({ message, pos: [offset] }) => ({ message, offset }));
  return repeatedKeys(document, LIMITS.values);
}

/** The keys that come twice in a mapping. Throws what `plainValue` throws. */
export function repeatedKeys(document: yaml.Document, values: number): readonly Fault[] {
  const faults: Fault[] = [];
  const onRepeatedKey = (_: Path, offset = 0) => faults.push({ message: 'Map keys must be unique', offset });
  plainValue(document, { values, onRepeatedKey });
  return faults;
}

function isEmpty(root: unknown): boolean {
  return root === null || (yaml.isScalar(root) && root.value === null);
}

/** The parser quotes the text that it stumbles over, which may be a credential: only the rule is repeated. */
function unreadable(file: File, { message, offset }: Fault): Part {
  const line = file.lineAt(offset);
  if (isHelmTemplate(file.text)) return nothingIn(file, RENDER_FIRST, line);
  const rule = /stack/.test(message) ? 'it is nested too deeply' : (message.split(/[:\n]/, 1)[0] ?? '');
  return nothingIn(file, `is not valid YAML: ${rule}`, line);
}

const CHART = 'describes a Helm chart; render the chart first (helm template … > rendered.yaml) and give the result';
const RENDER_FIRST = 'is a Helm template; render the chart first (helm template … > rendered.yaml) and give the result';

function nothingIn({ source }: SourceFile, message: string, line?: number): Part {
  return { problem: { source, ...(line === undefined ? {} : { line }), path: '', message } };
}

function contentsOfNode(file: File, node: unknown, isWholeFile: boolean): readonly Part[] {
  if (!yaml.isMap(node)) return [nothingIn(file, UNKNOWN, file.lineAt(offsetOf(node)))];
  const excerpt = () => (isWholeFile ? fileExcerpt(file.source, file.text) : lineExcerpt(file, node));
  if (isConfig(node)) return [{ config: excerpt() }];
  if (isTemplate(file, node)) return [{ template: excerpt() }];
  const kind = node.get('kind');
  const items = node.get('items');
  if (kind === 'List' && yaml.isSeq(items)) return items.items.flatMap((item) => contentsOfNode(file, item, false));
  if (kind === 'ConfigMap') return contentsOfConfigMap(file, node);
  if (kind === undefined) {
    const isOfChart = node.has('apiVersion') && node.has('version');
    return [nothingIn(file, isOfChart ? CHART : UNKNOWN, file.lineAt(offsetOf(node)))];
  }
  return [{ object: objectOf(file, node), credentials: credentialsIn(file, node) }];
}

const UNKNOWN =
  "is neither a runner configuration (groups) nor a Job template nor Kubernetes objects; give the files of Atlassian's autoscaler";

function contentsOfConfigMap(file: File, node: yaml.YAMLMap): readonly Part[] {
  const data = node.get('data');
  const parts = (yaml.isMap(data) ? data.items : []).map(({ key, value }): Part => {
    if (!yaml.isScalar(value) || typeof value.value !== 'string') return {};
    const excerpt = scalarExcerpt(file.source, value, file.lineAt(offsetOf(value)), file.text);
    const name = yaml.isScalar(key) ? String(key.value) : '';
    if (name === 'runners_config.yaml' || /^groups:/m.test(excerpt.text)) return { config: excerpt };
    return name === 'job.yaml.template' || /^[ \t]*(- )?kind:\s*Job\b/m.test(excerpt.text) ? { template: excerpt } : {};
  });
  const object = objectOf(file, node);
  // Kubernetes puts it into every namespace.
  if (object.name === 'kube-root-ca.crt') return [];
  const isTheirs = object.isTheirs || parts.some(({ config, template }) => config ?? template);
  return [...parts, { object: { ...object, isTheirs } }];
}

/** `config` is how the first versions called what is `groups` since. */
function isConfig(node: yaml.YAMLMap): boolean {
  return node.get('kind') === undefined && ['groups', 'constants', 'config'].some((key) => node.has(key));
}

function isTemplate(file: SourceFile, node: yaml.YAMLMap): boolean {
  return objectsIn(node).some((object) => object.get('kind') === 'Job') && textOf(file, node).includes('<%');
}

/** The lines of a document that is not alone in its file. */
function lineExcerpt(file: File, node: yaml.YAMLMap): Excerpt {
  const firstLine = file.lineAt(offsetOf(node));
  return fileExcerpt(file.source, textOf(file, node), firstLine);
}

const THEIR_NAMES = /runners?-autoscal|runner-controller|bitbucket-runner-control-plane|runner-bitbucket-credentials/;

function objectOf(file: File, node: yaml.YAMLMap): FoundObject {
  const name = node.getIn(['metadata', 'name']);
  const kind = String(node.get('kind'));
  // The values of a Secret are left out of what is looked at.
  const visible = ['metadata', 'spec', 'roleRef', 'subjects', 'resources', 'images', 'configMapGenerator']
    .map((key) => JSON.stringify(node.get(key)) ?? '')
    .join('\n');
  return {
    kind,
    name: typeof name === 'string' ? name : '',
    source: file.source,
    line: file.lineAt(offsetOf(node)),
    isTheirs: THEIR_NAMES.test(visible),
    isOfHelm: node.getIn(['metadata', 'labels', 'app.kubernetes.io/managed-by']) === 'Helm',
  };
}

const CREDENTIAL_NAMES: Readonly<Record<CredentialKind, RegExp>> = {
  appPassword: /\b(BITBUCKET_APP_PASSWORD|bitbucketAppPassword|bitbucketClientSecret)\b/,
  oauth: /\b(BITBUCKET_OAUTH_CLIENT_(ID|SECRET)|bitbucketOauthClient(Id|Secret))\b/,
  apiToken: /\b(ATLASSIAN_API_TOKEN|atlassianApiToken)\b/,
};

/** The kinds of credential whose names appear outside of comments. */
function credentialsIn(file: SourceFile, node: yaml.YAMLMap): readonly CredentialKind[] {
  const text = textOf(file, node).replace(/(^|\s)#.*$/gm, '');
  return (Object.keys(CREDENTIAL_NAMES) as CredentialKind[]).filter((kind) => CREDENTIAL_NAMES[kind].test(text));
}

function textOf({ text }: SourceFile, node: yaml.YAMLMap): string {
  const [start = 0, , end] = node.range ?? [];
  return text.slice(start, end);
}
