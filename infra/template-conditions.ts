/** What an option changes, as conditions of CloudFormation: two renderings become one tree. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Resource } from './cloudformation.ts';

const NO_VALUE = { Ref: 'AWS::NoValue' };

/** `tree`, with a condition wherever `after` differs from `before`: `after` where it is true, else what was there. */
export function choose(condition: string, tree: unknown, before: unknown, after: unknown): unknown {
  if (isDeepStrictEqual(before, after)) return tree;
  if ([tree, before, after].every(Array.isArray)) return chooseItems(condition, tree, before, after);
  if (![tree, before, after].every(isPlain)) {
    return isResource(after)
      ? { Condition: condition, ...after }
      : { 'Fn::If': [condition, after ?? NO_VALUE, tree ?? NO_VALUE] };
  }
  const [inTree, was, is] = [tree, before, after] as readonly Readonly<Record<string, unknown>>[];
  const keys = Object.keys({ ...inTree, ...is });
  return Object.fromEntries(keys.map((key) => [key, choose(condition, inTree?.[key], was?.[key], is?.[key])]));
}

/** Options change items of a list in their places, or add some behind them. */
function chooseItems(condition: string, ...lists: readonly unknown[]): readonly unknown[] {
  const [tree = [], before = [], after = []] = lists as readonly (readonly unknown[])[];
  const more = Math.max(0, after.length - before.length);
  return [
    ...tree.map((item, index) => (index < before.length ? choose(condition, item, before[index], after[index]) : item)),
    ...after.slice(after.length - more).map((item) => ({ 'Fn::If': [condition, item, NO_VALUE] })),
  ];
}

/** Not a list, and none of CloudFormation's functions. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !Object.keys(value).some((key) => key === 'Ref' || key.startsWith('Fn::'));
}

const isResource = (value: unknown): value is Resource => isPlain(value) && 'Type' in value && 'Properties' in value;
