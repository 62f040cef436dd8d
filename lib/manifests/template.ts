/**
 * Job templates: YAML with `{{variables}}` in its scalars. The YAML is parsed first and each scalar is filled on its
 * own, so no value can change the structure: whatever it contains, it stays one string. A template has holes and no
 * logic. An entry whose variable has no value (a workspace runner has no repository) is left out, together with its
 * list item when that is a `name` and `value` pair.
 */
import type { JobTemplate } from '#core/model/configuration.ts';
import type { Finding } from '#yaml/finding.ts';
import type { InputProblem } from '#yaml/problem.ts';
import { type Fields, recordOf } from '#yaml/values.ts';
import { type ParsedTemplate, type Place, parseTemplate, type TemplateNode } from './template-parser.ts';
import type { TextPart } from './template-text.ts';

/** What a template may refer to. `undefined`: a known variable that has no value for this runner. */
export type Variables = Readonly<Record<string, unknown>>;

/** Variables for every object, and those that only a Secret may see. */
export type TemplateVariables = { readonly everywhere: Variables; readonly secretOnly: Variables };

/**
 * An object of the template with its values filled in. `locate` turns what was found at a path of `content` into its
 * place in the template's text, where lists may have entries that were left out.
 */
export type RenderedObject = {
  readonly content: Fields;
  readonly locate: (finding: Finding) => InputProblem;
};

/** Either every object, or everything that is wrong. */
type Rendering = { readonly objects: readonly RenderedObject[]; readonly problems: readonly InputProblem[] };

const LEFT_OUT = Symbol('left out');

/** A template is rendered for every runner of a group, but parsed once. */
const parsedTemplates = new WeakMap<JobTemplate, ParsedTemplate>();

/** Fills a template. All problems at once, each with its place in the template's text. */
export function renderTemplate(template: JobTemplate, variables: TemplateVariables): Rendering {
  const parsed = parsedTemplates.get(template) ?? parseTemplate(template);
  parsedTemplates.set(template, parsed);
  if (parsed.problems.length > 0) return { objects: [], problems: parsed.problems };

  const problems: InputProblem[] = [];
  const objects = parsed.objects.map((node): RenderedObject => {
    const kept: KeptItems = new Map();
    const content = renderNode(node, { variables, inSecret: kindOf(node) === 'Secret', problems, parsed, kept });
    return {
      content: recordOf(content),
      locate: (finding) => parsed.problem(placeOf(node, finding, kept), finding.message),
    };
  });
  return { objects: problems.length > 0 ? [] : objects, problems };
}

/** By list: the items that were not left out, in their order. */
type KeptItems = Map<TemplateNode, readonly TemplateNode[]>;

type Context = {
  readonly variables: TemplateVariables;
  readonly inSecret: boolean;
  readonly problems: InputProblem[];
  readonly parsed: ParsedTemplate;
  readonly kept: KeptItems;
};

/** Lists and maps without a hole are the same for every runner, and most of a template is. */
const constants = new WeakMap<TemplateNode, unknown>();

function renderNode(node: TemplateNode, context: Context): unknown {
  if (node.kind === 'literal') return node.value;
  if (node.kind === 'text') return renderText(node, context);
  if (constants.has(node)) return constants.get(node);
  const value = node.kind === 'list' ? renderList(node, context) : renderMap(node, context);
  if (!node.hasHoles) constants.set(node, value);
  return value;
}

function renderList(node: TemplateNode & { kind: 'list' }, context: Context): unknown {
  const items = node.items
    .map((item) => ({ item, value: renderNode(item, context) }))
    .filter(({ value }) => value !== LEFT_OUT);
  context.kept.set(
    node,
    items.map(({ item }) => item),
  );
  return items.map(({ value }) => value);
}

function renderMap(node: TemplateNode & { kind: 'map' }, context: Context): unknown {
  const entries = node.entries.map(([key, value]) => [key, renderNode(value, context)] as const);
  // `- name: X` without its `value` would be an empty variable rather than none.
  const isHalfPair =
    node.isListItem &&
    entries.some(([key]) => key === 'name') &&
    entries.some(([key, value]) => key === 'value' && value === LEFT_OUT);
  // fromEntries defines properties, so that a key such as __proto__ is a key like any other.
  return isHalfPair ? LEFT_OUT : Object.fromEntries(entries.filter(([, value]) => value !== LEFT_OUT));
}

function renderText(node: TemplateNode & { kind: 'text' }, context: Context): unknown {
  const values = node.parts.map((part) => (typeof part === 'string' ? part : fill(node, part, context)));
  if (values.includes(LEFT_OUT)) return LEFT_OUT;
  const [only] = values;
  return values.length === 1 ? only : values.map(String).join('');
}

function fill(node: TemplateNode, part: Exclude<TextPart, string>, context: Context): unknown {
  const { everywhere, secretOnly } = context.variables;
  const visible = context.inSecret ? { ...everywhere, ...secretOnly } : everywhere;
  if (!Object.hasOwn(visible, part.variable)) {
    context.problems.push(context.parsed.problem(node, whyUnknown(part.variable, visible, secretOnly)));
    return LEFT_OUT;
  }
  const value = visible[part.variable] ?? LEFT_OUT;
  return part.inBraces && value !== LEFT_OUT ? `{${String(value)}}` : value;
}

function whyUnknown(name: string, visible: Variables, secretOnly: Variables): string {
  return Object.hasOwn(secretOnly, name)
    ? `{{${name}}} may only be used in the Secret; refer to it with secretKeyRef`
    : `{{${name}}} is not a variable; there are ${Object.keys(visible).sort().join(', ')}`;
}

function kindOf(node: TemplateNode): unknown {
  const kind = node.kind === 'map' ? node.entries.find(([key]) => key === 'kind')?.[1] : undefined;
  return kind?.kind === 'literal' ? kind.value : undefined;
}

/** Where the finding's path leads; for what is missing, where it should have been. */
function placeOf(root: TemplateNode, { path, at }: Finding, kept: KeptItems): Place {
  let node = root;
  let { offset } = root;
  for (const [index, step] of path.entries()) {
    const child = childOf(node, step, kept);
    if (child === undefined) return { offset, path: [...node.path, ...path.slice(index)] };
    const isLast = index === path.length - 1;
    offset = isLast && at === 'key' ? child.keyOffset : child.node.offset;
    node = child.node;
  }
  return { offset, path: node.path };
}

function childOf(
  parent: TemplateNode,
  step: string | number,
  kept: KeptItems,
): { readonly node: TemplateNode; readonly keyOffset: number } | undefined {
  if (parent.kind === 'list') {
    // A list without a hole keeps all of its items.
    const item = (kept.get(parent) ?? parent.items)[Number(step)];
    return item === undefined ? undefined : { node: item, keyOffset: item.offset };
  }
  const entry = parent.kind === 'map' ? parent.entries.find(([key]) => key === step) : undefined;
  return entry === undefined ? undefined : { node: entry[1], keyOffset: entry[2] };
}
