/**
 * Atlassian's templates as Jinja itself would render them, for comparison only: the subset of their files, written from
 * Jinja's documented semantics. The text is made first and parsed afterwards, as their autoscaler does it.
 */
import * as yaml from 'yaml';

export type JinjaValues = Readonly<Record<string, string | undefined>>;

type Selector = Readonly<Record<string, string>>;

/** The lines of their block for `node_selector`, in which the loop is the only one of their files. */
const SELECTOR_BLOCK =
  /^ *\{%-? if node_selector %\}\n([\s\S]*?)^ *\{%-? for \w+, \w+ in node_selector\.items\(\) %\}\n( *).*\n *\{%-? endfor %\}\n *\{%-? endif %\}\n/m;

/** The objects that a template makes with these values; `undefined` is Jinja's undefined. */
export function renderJinja(template: string, values: JinjaValues, selector: Selector = {}): readonly unknown[] {
  let isOpen = true;
  const entries = Object.entries(selector);
  const lines = template
    .replace(SELECTOR_BLOCK, (_, before: string, indentation: string) =>
      entries.length === 0
        ? ''
        : `${before}${entries.map(([key, value]) => `${indentation}${key}: ${value}\n`).join('')}`,
    )
    .replace(/\{#[\s\S]*?#\}/g, '')
    .split('\n')
    .filter((line) => {
      const [, condition] = /\{%-?\s*if (\w+).*%\}/.exec(line) ?? [];
      if (condition !== undefined) isOpen = values[condition] !== undefined;
      const isEnd = /\{%-?\s*endif/.test(line);
      const isKept = isOpen && condition === undefined && !isEnd;
      if (isEnd) isOpen = true;
      return isKept;
    });
  const text = lines.join('\n').replace(/<%\s*(\w+)\s*%>/g, (_, name: string) => values[name] ?? '');
  return (yaml.parse(text, { version: '1.1' }) as { items: unknown[] }).items;
}
