/** The page's script as the page carries it: bundled, but not made unreadable, a line of it to a line of the file. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The text of lib/tools/page/client.generated.json. */
export async function pageScript(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
    entryPoints: ['lib/tools/page/client/main.ts'],
    bundle: true,
    write: false,
    format: 'iife',
    platform: 'browser',
    target: ['chrome117', 'firefox119', 'safari17.4'],
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  });
  const lines = (outputFiles[0]?.text ?? '').trimEnd().split('\n');
  return `${JSON.stringify({ lines }, null, 2)}\n`;
}
