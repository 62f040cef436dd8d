/** Every link between the documents leads to a file that is there, and to a heading in it. */
import { globSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url).pathname;
const DOCUMENTS = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md', 'infra/**/*.md'], { cwd: ROOT });

const textOf = (file: string) => readFile(join(ROOT, file), 'utf8');

/** The text without what is code: there brackets mean something else. */
function prose(text: string): string {
  return text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ' '));
}

function linksIn(text: string): readonly string[] {
  return [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** The names that GitHub gives headings: lower case, no punctuation, dashes for spaces, numbers for repetitions. */
function anchorsIn(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const headings = [...text.replace(/^```.*?^```/gms, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  const names = headings.map((heading) => {
    const name = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-');
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name}-${count}`;
  });
  const given = [...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, name = '']) => name);
  return new Set([...names, ...given]);
}

async function whyBroken(document: string, link: string): Promise<string | undefined> {
  if (/^(https?|mailto):/.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? document : normalize(join(dirname(document), path));
  const found = await stat(join(ROOT, target)).catch(() => undefined);
  if (found === undefined) return `${link}: there is no ${target}`;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  return anchorsIn(await textOf(target)).has(anchor) ? undefined : `${link}: ${target} has no such heading`;
}

describe('links', () => {
  it.each(DOCUMENTS)('of %s lead somewhere', async (document) => {
    const links = linksIn(await textOf(document));
    const broken = await Promise.all(links.map((link) => whyBroken(document, link)));
    expect(broken.filter((one) => one !== undefined)).toEqual([]);
  });

  it('are many, so that the reader of links works', async () => {
    const counts = await Promise.all(DOCUMENTS.map(async (document) => linksIn(await textOf(document)).length));
    expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThan(150);
  });
});
