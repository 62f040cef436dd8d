/** osls as a child process that has no credentials, no settings of a user, and no network. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OSLS = fileURLToPath(import.meta.resolve('osls/bin/serverless.js'));

/** Every connection of the process is an error. */
const NO_NETWORK = `--import=data:text/javascript,${encodeURIComponent(
  "import net from 'node:net'; net.Socket.prototype.connect = () => { throw new Error('the network was used'); };",
)}`;

/** Where osls keeps its compiled schema, which is most of the work of packaging, from one run to the next. */
export const OSLS_CACHE = { SLS_SCHEMA_CACHE_BASE_DIR: join(ROOT, '.cache/osls') } as const;

export type Ended = { readonly code: number | null; readonly output: string };

/** Runs a command of osls, with all parameters on its command line. */
export async function runOsls(
  command: readonly string[],
  parameters: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const home = await mkdtemp(join(tmpdir(), 'osls-home-'));
  const given = Object.entries(parameters).flatMap(([name, value]) => ['--param', `${name}=${value}`]);
  const child = spawn(process.execPath, [OSLS, ...command, ...given], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: home, NODE_OPTIONS: NO_NETWORK, ...OSLS_CACHE, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const [code] = await once(child, 'close');
  return { code: code as number | null, output };
}

/** Packages a stack into a directory of its own. */
export async function packageStack(
  parameters: Readonly<Record<string, string>>,
): Promise<Ended & { directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'osls-package-'));
  const ended = await runOsls(['package', '--stage', 'prod', '--package', directory], parameters);
  return { ...ended, directory };
}

/** The template that would be deployed, without what every packaging makes anew. */
export async function stableTemplate(directory: string): Promise<string> {
  const text = await readFile(join(directory, 'cloudformation-template-update-stack.json'), 'utf8');
  return text.replaceAll(/\d{13}-\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME');
}
