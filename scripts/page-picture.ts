/**
 * `npm run picture`: docs/page.png, the charts over time of a page that `simulate --html` writes, as a browser shows it. Make it again
 * when the page changes; no check compares it, since no two machines draw letters alike.
 */
import './help.ts';

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { processIo } from '../cli/process-io.ts';
import { runCli } from '../cli/run-cli.ts';
import { startBrowser } from '../test/tools/page/browser/browser.ts';

const SIZE = { width: 1100, height: 860 };
const CONFIG = `groups:
  - name: builds
    workspace: acme
    labels: [builds]
    namespace: runners
    strategy: queueAware
    repositories: [shop]
    parameters: { min: 1, max: 20 }
`;
const PICTURE = fileURLToPath(new URL('../docs/page.png', import.meta.url));

const folder = await mkdtemp(path.join(tmpdir(), 'page-'));
try {
  const page = path.join(folder, 'week.html');
  const config = path.join(folder, 'runners.yaml');
  await writeFile(config, CONFIG);
  const command = ['simulate', '--config', config, '--load', 'working-week', '--html', page];
  process.exitCode = await runCli(command, processIo());
  const browser = await startBrowser();
  try {
    const tab = await browser.newPage({ viewport: SIZE, colorScheme: 'light' });
    await tab.goto(pathToFileURL(page).href);
    const charts = tab.locator('section', { has: tab.getByRole('heading', { name: 'Over time' }) });
    await charts.screenshot({ path: PICTURE });
  } finally {
    await browser.close();
  }
} finally {
  await rm(folder, { recursive: true });
}
