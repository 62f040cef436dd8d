/** `npm run test:loaded`: the tests while every core is busy with something else, twice over. No test may fail by time. */
import './help.ts';

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

const SPINNERS_PER_CORE = 2;

/** Ends with the process that started it, however that ends. */
const SPIN = 'const parent = process.ppid; while (process.ppid === parent);';

const spinners = Array.from({ length: SPINNERS_PER_CORE * availableParallelism() }, () =>
  spawn(process.execPath, ['--eval', SPIN], { stdio: 'ignore' }),
);
try {
  const tests = spawn('vitest', ['run', ...process.argv.slice(2)], { stdio: 'inherit' });
  const [code] = await once(tests, 'close');
  process.exitCode = code ?? 1;
} finally {
  for (const spinner of spinners) spinner.kill();
}
