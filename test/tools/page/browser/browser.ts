/**
 * A browser for tests: the one that CHROME_PATH names, one on the PATH, or the Chromium that an npm package carries, so
 * that a clean machine needs nothing but `npm ci`.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { inflate } from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
/** Pages of our own making are all that it opens; as root, a browser has no sandbox anyway. */
const ARGS = ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'];

/** Starts one; throws one sentence when none can be had. */
export async function startBrowser(): Promise<Browser> {
  const installed = process.env.CHROME_PATH ?? onPath();
  if (installed !== undefined) return chromium.launch({ executablePath: installed, args: ARGS });
  const shipped = await unpacked();
  const launch = (env: Readonly<Record<string, string>>) =>
    chromium.launch({ executablePath: path.join(shipped, 'chromium'), args: ARGS, env: { ...process.env, ...env } });
  // Its own libraries are for machines that have none; where there are some, those fit better.
  return launch({}).catch((error: unknown) => {
    if (!String(error).includes('shared libraries')) throw error;
    return launch({
      LD_LIBRARY_PATH: path.join(shipped, 'al2023', 'lib'),
      FONTCONFIG_PATH: path.join(shipped, 'fonts'),
    });
  });
}

function onPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name))).find((file) => existsSync(file));
}

/** The folder with the npm package's Chromium, unpacked once for each version of it. */
async function unpacked(): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      'No browser for the tests of the page: install Chromium or Chrome, or name one with CHROME_PATH (the npm package has one for Linux on x64 only).',
    );
  }
  const main = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const packed = path.join(path.dirname(main), '..', 'bin');
  const { version } = createRequire(import.meta.url)(path.join(packed, '..', 'package.json'));
  const folder = path.resolve('.cache', `chromium-${version}`);
  const complete = path.join(folder, 'complete');
  if (existsSync(complete)) return folder;
  await mkdir(folder, { recursive: true });
  const before = process.env.TMPDIR;
  // The package unpacks to where temporary files are.
  process.env.TMPDIR = folder;
  try {
    for (const name of ['chromium.br', 'fonts.tar.br', 'al2023.tar.br']) await inflate(path.join(packed, name));
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
  await writeFile(complete, '');
  return folder;
}
