// Installs the dependencies when they are missing or older than the lock file, so that `npm start` and `npm test`
// work directly on a fresh clone. Plain JavaScript on purpose: it runs on the Node that the machine has (20 or newer),
// before the Node 24 of the devDependencies is there.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const installed = `${root}node_modules/.package-lock.json`;
const lock = `${root}package-lock.json`;

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  process.stderr.write('Installing dependencies (npm ci), this takes about half a minute …\n');
  // npm's own output goes to stderr: a command such as `cli -- plan --json` owns stdout.
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    process.stderr.write('npm ci failed; see its message above. Node 20 or newer and the npm registry are needed.\n');
    process.exit(1);
  }
}
