/**
 * The page as one file: it loads nothing, opens from disk, and shows everything without a script too. The script in it
 * only draws again what is already there: closer, wider, for other tracks.
 */
// biome-ignore lint/style/noRestrictedImports: a hash of what is given is neither chance nor I/O.
import { createHash } from 'node:crypto';
import { visibleIn } from '#core/visible.ts';
import type { PageData } from './data.ts';
import { escapeHtml } from './script/html.js';
import { SCRIPT } from './script.ts';
import {
  budgets,
  cost,
  definitions,
  figures,
  header,
  notices,
  overTime,
  summary,
  waitingTimes,
  worstHalfHours,
} from './sections.ts';
import { PATTERNS, STYLE } from './style.ts';

/** The whole HTML document; the same data gives the same bytes. */
export function renderPage(written: PageData): string {
  const data = visibleIn(written);
  const sections = [summary, overTime, cost, waitingTimes, worstHalfHours, notices, budgets, figures, definitions];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(SCRIPT, STYLE)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${escapeHtml(data.title)}</title>
<style>${STYLE}</style>
</head>
<body>
${PATTERNS}
${header(data)}
<main>
${sections
  .map((section) => section(data))
  .filter((html) => html !== '')
  .join('\n')}
</main>
<script type="application/json" id="data">${embedJson(data)}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** Nothing but this script and this style, and no network at all. */
function policyOf(script: string, style: string): string {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; img-src data:; base-uri 'none'; form-action 'none'`;
}

/**
 * JSON for a `<script type="application/json">`: without `<` there is no end tag and no comment, and the two line
 * separators that JSON allows and old scripts did not are escaped as well. `JSON.parse` gives back the same value.
 */
export function embedJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
