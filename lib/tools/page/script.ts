/**
 * The page's script: the files in script/ as they are, one behind the other, without what makes them modules. The bundle,
 * which has no such files, carries this module's value in its place (esbuild.config.mjs).
 *
 * Three rules make that enough, and a test holds them: an import or export stands at the beginning of a line and names
 * what it takes or gives; a name at the top of a file is in no other file; a file comes after those that it imports.
 */
// biome-ignore lint/style/noRestrictedImports: it reads what lies beside it, as an import does.
import { readFileSync } from 'node:fs';

/** In the order in which they run; the first ones draw for the file, too. */
export const SCRIPT_FILES = [
  ...['html', 'format', 'svg', 'scale', 'view', 'inks', 'place-labels', 'frontier'],
  ...['time-chart', 'cost-chart', 'waiting-chart', 'panel'],
  ...['keys', 'zoom', 'plot', 'cursor', 'main'],
].map((name) => `${name}.js`);

/** The text of the script. A block keeps its names from the window's. */
export const SCRIPT = `\n'use strict';\n{\n${SCRIPT_FILES.map(readPart).join('\n')}}\n`;

function readPart(file: string): string {
  return withoutModules(readFileSync(new URL(`script/${file}`, import.meta.url), 'utf8'));
}

/** A module's text as a part of a script. */
export function withoutModules(text: string): string {
  return text.replace(/^import [^;]*;\n+/gm, '').replace(/^export /gm, '');
}
