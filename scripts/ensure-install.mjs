// Installs the dependencies when they are missing or older than the lock file, so that `npm start` and `npm test`
// work directly on a fresh clone. Plain JavaScript on purpose: it runs on the Node that the machine has (20 or newer),
// before the Node of the optional dependencies is there.
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = `${root}node_modules`;
const installed = `${modules}/.package-lock.json`;
const lock = `${root}package-lock.json`;

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) install();

function install() {
  // npm ci empties node_modules first: through a link, somebody else's.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) {
    fail(
      'node_modules is a symbolic link, and npm ci would empty what it leads to; remove the link, or install there.',
    );
  }
  process.stderr.write('Installing dependencies (npm ci), this takes about half a minute …\n');
  // Nothing runs that a package brings along to be run: the lock file names all that is needed, with its hash.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // npm's own output goes to stderr: a command such as `cli -- plan --json` owns stdout.
  const options = { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' };
  if (spawnSync('npm', args, options).status !== 0) {
    fail('npm ci failed; see its message above. Node 20 or newer and the npm registry are needed.');
  }
}

/** @param {string} sentence */
function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}
