/** Imported first by scripts that people run: with `--help` the script says what its first comment says, and does nothing. */
import { readFileSync } from 'node:fs';

const [, script = ''] = process.argv;

if (process.argv.includes('--help')) {
  const [, comment = ''] = /^\/\*\*([\s\S]*?)\*\//.exec(readFileSync(script, 'utf8')) ?? [];
  process.stdout.write(`${comment.replaceAll(/^ ?\*? ?/gm, '').trim()}\n`);
  process.exit();
}
