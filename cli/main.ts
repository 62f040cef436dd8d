#!/usr/bin/env node
/** The program: the command line, run by this process. */
import { tellFailure } from './failure.ts';
import { processIo } from './process-io.ts';
import { runCli } from './run-cli.ts';
import { openTerminal } from './terminal.ts';

const args = process.argv.slice(2);
const io = processIo();
process.on('uncaughtException', (error) => {
  process.exit(tellFailure(error, args.includes('--json'), openTerminal(io)));
});
process.exitCode = await runCli(args, io);
