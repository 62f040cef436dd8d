/** Ten thousand hostile strings through everything that a person sees. */
import { describe, expect, it, vi } from 'vitest';
import { createLogger, logReport } from '#adapters/telemetry/log.ts';
import type { Report } from '#core/model/report.ts';
import { visibleIn } from '#core/visible.ts';
import { renderReport, renderTick } from '#text/report.ts';
import { renderPage } from '#tools/page/page.ts';
import { openTerminal } from '../../cli/terminal.ts';
import { sampleProduction } from '../tools/page/sample.ts';
import { hostileStrings, MOVES, SECRETS, withoutOwn } from './hostile-strings.ts';

const STRINGS = hostileStrings(10_000);

/** A report in which they are names, reasons, notes and errors. */
function reportOf(texts: readonly string[]): Report {
  const at = '2026-11-23T08:00:00.000Z';
  const tick = {
    id: texts[0] ?? '',
    at,
    mode: 'apply',
    durationMs: 1,
    calls: { bitbucket: 0, kubernetes: 0, aws: 0 },
  } as const;
  const reason = (text: string) => ({ code: 'within-thresholds', text, values: { text } });
  const groups = texts.map((text) => ({
    name: text,
    workspace: text,
    counts: { busy: 0, idle: 0, starting: 0, draining: 0, dead: 0 },
    decision: { action: 'hold', from: 0, to: 0, reason: reason(text) },
    bounds: [],
    troubles: [reason(text)],
    plan: [{ action: 'add', runner: text, reason: reason(text) }],
    outcomes: [{ action: 'add', runner: text, status: 'failed', error: text }],
    problems: [text],
  }));
  return { version: 1, tick, groups, problems: texts, notes: texts } as unknown as Report;
}

/** What a terminal is sent: on one with colours, and in a file. */
function written(isTTY: boolean, write: (terminal: ReturnType<typeof openTerminal>) => void): string {
  let text = '';
  const stream = { isTTY, columns: 80, write: (part: string) => (text += part) };
  const env: Record<string, string> = isTTY ? { TERM: 'xterm-256color', COLORTERM: 'truecolor' } : {};
  write(openTerminal({ stdout: stream, stderr: stream, env } as never));
  return text;
}

describe('ten thousand hostile strings', () => {
  it.each([true, false])('move nothing on a terminal, in lines or in tables (a terminal: %s)', (isTTY) => {
    for (let from = 0; from < STRINGS.length; from += 1000) {
      const texts = STRINGS.slice(from, from + 1000);
      const rendered = reportOf(texts.slice(0, 200));
      const text = written(isTTY, ({ print, tell, showProgress, style, layout }) => {
        for (const each of texts) {
          print(each);
          print(JSON.stringify({ [each]: each }));
          print(`${style('red', each)} ${each}`);
          tell(each);
          showProgress(each);
        }
        for (const line of [...renderReport(rendered, layout), ...renderTick(rendered, layout)]) print(line);
      });
      expect(text.includes('\x1b')).toBe(isTTY);
      expect(MOVES.exec(withoutOwn(text))).toBeNull();
    }
  });

  it('stay the same values in JSON', () => {
    const text = written(false, ({ print }) => print(JSON.stringify(STRINGS)));
    expect(JSON.parse(text)).toEqual(STRINGS);
  });

  it('make one line each', () => {
    const text = written(false, ({ print }) => STRINGS.forEach((each) => void print(each)));
    expect(text.split('\n')).toHaveLength(STRINGS.length + 1);
  });

  it('move nothing in a log, as text or as what its JSON means, and tell no secret', () => {
    let lines = '';
    const take = (...parts: unknown[]) => {
      lines += `${parts.join(' ')}\n`;
    };
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation(take),
    );
    const previous = process.env.POWERTOOLS_DEV;
    vi.stubEnv('POWERTOOLS_DEV', 'true');
    try {
      const logger = createLogger();
      for (let from = 0; from < STRINGS.length; from += 2000)
        logReport(logger, reportOf(STRINGS.slice(from, from + 2000)));
    } finally {
      for (const spy of spies) spy.mockRestore();
      vi.unstubAllEnvs();
    }
    expect(previous).toBeUndefined();
    expect(lines.length).toBeGreaterThan(1_000_000);
    expect(MOVES.exec(lines)).toBeNull();
    expect(/\\u00(?:[01]|[7][f]|[89])/.exec(lines.replaceAll('\\\\', ''))).toBeNull();
    expect(SECRETS.exec(lines)).toBeNull();
  });

  it('leave the tick shown, record and answer alike', () => {
    const shown = JSON.stringify(visibleIn(reportOf(STRINGS)));
    expect(MOVES.exec(shown)).toBeNull();
    expect(shown.replaceAll('\\\\', '')).not.toMatch(/\\u/);
  });

  it('inject nothing into a page', async () => {
    const page = await sampleProduction();
    const harmless = renderPage(page);
    const tagsOf = (html: string) => html.match(/<[!/a-zA-Z][^>]*>/g) ?? [];
    for (let from = 0; from < STRINGS.length; from += 2500) {
      const texts = STRINGS.slice(from, from + 2500);
      const html = renderPage({ ...page, title: texts.join(' '), headlines: texts });
      const added = tagsOf(html).length - tagsOf(harmless).length;
      // A headline has a tag that opens and one that closes at most; the strings would bring thousands.
      expect(added).toBeLessThanOrEqual(2 * texts.length);
      const bare = tagsOf(html).map((tag) => tag.replaceAll(/"[^"]*"/g, ''));
      expect(bare.filter((tag) => /onerror|onmouseover|alert\(1\)/.test(tag))).toEqual([]);
      expect(html.match(/<script/g)).toHaveLength(harmless.match(/<script/g)?.length ?? 0);
      expect(MOVES.exec(html.replaceAll(/[\n]/g, ''))).toBeNull();
    }
  });
});
