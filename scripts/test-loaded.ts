/** `npm run test:loaded`: the tests while every core is busy with something else, twice over. No test may fail by time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

const SPINNERS_PER_CORE = 2;

const spinners = Array.from({ length: SPINNERS_PER_CORE * availableParallelism() }, () =>
  spawn(process.execPath, ['--eval', 'for (;;);'], { stdio: 'ignore' }),
);
try {
  const tests = spawn('vitest', ['run', ...process.argv.slice(2)], { stdio: 'inherit' });
  const [code] = await once(tests, 'close');
  process.exitCode = code ?? 1;
} finally {
  for (const spinner of spinners) spinner.kill();
}
