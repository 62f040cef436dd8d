#!/usr/bin/env node
// The program of the installed package. Older versions of Node can read this file, and so can say what is missing instead
// of ending with a syntax error.
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `error: runner-autoscaler needs Node 24 or newer, and this is ${process.versions.node}; install one, such as with "nvm install 24".\n`,
  );
  process.exitCode = 2;
} else {
  await import('./cli.js');
}
