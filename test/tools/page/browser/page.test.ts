/** The page in a real browser: opened from disk as a reader would, with nothing to serve it and nothing to load. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { visibleIn } from '#core/visible.ts';
import type { PageData } from '#tools/page/data.ts';
import { renderPage } from '#tools/page/page.ts';
import { formatValue } from '#tools/page/script/format.js';
import { sampleLaboratory, sampleProduction } from '../sample.ts';
import { startBrowser } from './browser.ts';

type Kind = PageData['kind'];

let browser: Browser;
let directory: string;
let axe: string;
const samples = new Map<Kind, PageData>();

beforeAll(async () => {
  directory = process.env.PAGE_SCREENSHOTS ?? (await mkdtemp(path.join(tmpdir(), 'page-')));
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  samples.set('laboratory', await sampleLaboratory());
  samples.set('production', await sampleProduction());
  for (const [kind, data] of samples) await writeFile(path.join(directory, `${kind}.html`), renderPage(data));
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  if (process.env.PAGE_SCREENSHOTS === undefined) await rm(directory, { recursive: true, force: true });
});

function sample(kind: Kind): PageData {
  const data = samples.get(kind);
  if (data === undefined) throw new Error(`no sample of ${kind}`);
  return data;
}

/** Opens a page and gives what it complained of and what it asked for. */
async function open(kind: Kind, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => requests.push(request.url()));
  const address = pathToFileURL(path.join(directory, `${kind}.html`)).href;
  await page.goto(address);
  const [plot, range] = [page.locator('.plot').first(), page.locator('.range')];
  return { page, complaints, requests, address, plot, range, [Symbol.asyncDispose]: () => context.close() };
}

/** The violations that axe finds, in short. */
async function violations(page: Page): Promise<readonly string[]> {
  // As a developer tool adds it: the page's own policy lets no other script in.
  await page.evaluate(axe);
  const found: { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] } =
    await page.evaluate("axe.run({ resultTypes: ['violations'] })");
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

describe.each<Kind>(['laboratory', 'production'])('a page of the %s', (kind) => {
  it('opens from disk, asks for nothing and complains of nothing', async () => {
    await using opened = await open(kind);
    expect(opened.complaints).toEqual([]);
    // The empty icon is in the page itself.
    expect(opened.requests.filter((url) => !url.startsWith('data:'))).toEqual([opened.address]);
    expect(await opened.page.locator('img').count()).toBe(0);
    expect(await opened.page.locator('.drawing svg').count()).toBe(
      sample(kind).shown.length + (kind === 'laboratory' ? 3 : 0),
    );
  });

  it('embeds the data as it was given, and shows its numbers', async () => {
    const data = visibleIn(sample(kind));
    await using opened = await open(kind);
    const embedded = await opened.page.locator('#data').textContent();
    expect(JSON.parse(embedded ?? '')).toEqual(JSON.parse(JSON.stringify(data)));
    for (const { id, unit } of data.figures) {
      const cells = opened.page.locator(`data[data-figure="${id}"]`);
      expect(await cells.allTextContents()).toEqual(
        data.tracks.flatMap(({ figures }) => (figures[id] === undefined ? [] : formatValue(figures[id], unit))),
      );
    }
  });

  it('is walked through with the keyboard', async () => {
    await using opened = await open(kind);
    const { plot, range, page } = opened;
    const whole = await range.textContent();
    await plot.focus();
    await page.keyboard.press('ArrowRight');
    const first = await plot.getAttribute('aria-valuetext');
    expect(first).toMatch(/^Mon 23 Nov 06:00:00–06:0\d:\d\d UTC; Busy: /);
    expect((await plot.locator('.tooltip div').allTextContents()).join('; ')).toBe(first);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowLeft');
    expect(await plot.getAttribute('aria-valuetext')).toBe(first);
    await page.keyboard.press('End');
    expect(await plot.getAttribute('aria-valuetext')).toContain('–12:00:00 UTC');
    await page.keyboard.press('+');
    expect(await range.textContent()).toBe('Mon 23 Nov 09:00–12:00 UTC');
    await page.keyboard.press('Shift+ArrowLeft');
    expect(await range.textContent()).toBe('Mon 23 Nov 07:30–10:30 UTC');
    await page.keyboard.press('0');
    expect(await range.textContent()).toBe(whole);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Escape');
    expect(await plot.locator('.tooltip').isVisible()).toBe(false);
  });

  it('answers to the pointer', async () => {
    await using opened = await open(kind);
    const { plot, range, page } = opened;
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    if (box === null) throw new Error('the plot is not there');
    const at = (share: number) => box.x + 44 + share * (box.width - 54);
    await page.mouse.move(at(0.5), box.y + 40);
    expect(await plot.locator('.tooltip').textContent()).toMatch(/^Mon 23 Nov (08:59|09:00)/);
    expect(await page.locator('.cursor:visible').count()).toBe(sample(kind).shown.length);
    await page.mouse.down();
    await page.mouse.move(at(0.75), box.y + 60, { steps: 4 });
    await page.mouse.up();
    expect(await range.textContent()).toBe('Mon 23 Nov 09:00–10:30 UTC');
    await page.mouse.move(2, 2);
    expect(await plot.locator('.tooltip').isVisible()).toBe(false);
  });

  it('zooms with buttons, to the worst half hour too, and shows other tracks', async () => {
    const data = sample(kind);
    await using opened = await open(kind);
    const { range, page } = opened;
    await page.getByRole('button', { name: 'Zoom in' }).click();
    expect(await range.textContent()).toBe('Mon 23 Nov 07:30–10:30 UTC');
    await page.getByRole('button', { name: 'Whole time' }).click();
    expect(await page.getByRole('button', { name: 'Whole time' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Worst half hour' }).click();
    expect(await range.textContent()).not.toBe('Mon 23 Nov 06:00–12:00 UTC');
    for (const box of await page.locator('[name=track]').all()) await box.check();
    expect(await page.locator('.panel').count()).toBe(data.tracks.length);
    expect(await page.locator('.plot[role=slider]').count()).toBe(data.tracks.length);
    for (const box of await page.locator('[name=track]').all()) await box.uncheck();
    expect(await page.locator('.panel').count()).toBe(0);
    expect(opened.complaints).toEqual([]);
  });

  it('is as complete without its script', async () => {
    await using opened = await open(kind, { javaScriptEnabled: false });
    expect(await opened.page.locator('.drawing svg').count()).toBeGreaterThan(0);
    expect(await opened.page.locator('.tools').isVisible()).toBe(false);
  });

  it.each([
    { look: 'light', width: 1280, height: 900 },
    { look: 'dark', width: 1280, height: 900, colorScheme: 'dark' },
    { look: 'narrow', width: 360, height: 740, isMobile: true },
    { look: 'large', width: 3840, height: 2160 },
  ] as const)('is readable: $look', async ({ look, width, height, ...options }) => {
    await using opened = await open(kind, { viewport: { width, height }, ...options });
    const { page } = opened;
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    await page.locator('details').evaluateAll((all) => {
      for (const each of all) each.setAttribute('open', '');
    });
    expect(await violations(page)).toEqual([]);
    await page.locator('.panels details, #waits details').evaluateAll((all) => {
      for (const each of all) each.removeAttribute('open');
    });
    await page.screenshot({ path: path.join(directory, `${kind}-${look}.png`), fullPage: look !== 'large' });
  });

  it('is drawn for paper, and again for the screen', async () => {
    await using opened = await open(kind);
    const { page } = opened;
    const width = () => page.locator('.plot svg').first().getAttribute('width');
    const before = await width();
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    await expect.poll(width).toBe('720');
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    await page.setViewportSize({ width: 720, height: 1000 });
    await page.screenshot({ path: path.join(directory, `${kind}-paper.png`), fullPage: true });
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ media: 'screen' });
    await expect.poll(width).toBe(before);
    const paper = await page.pdf({ format: 'A4' });
    expect(paper.subarray(0, 5).toString()).toBe('%PDF-');
  });
});
