import { expect, it } from 'vitest';
import { reason } from '#core/reasons.ts';
import { boundLine } from '#text/report.ts';

it('who woke a group, and its open window, explain its bounds; a limit warns', () => {
  const until = '2026-11-23T19:10:00.000Z';
  expect(boundLine(reason('woken', { runners: 2, by: 'acme/shop', until }))).toEqual({
    text: `woken: acme/shop asked for 2 runners until ${until}`,
    tone: 'quiet',
  });
  expect(boundLine(reason('schedule', { window: 'day', min: 1, max: 4, until: '' }))).toMatchObject({ tone: 'quiet' });
  expect(boundLine(reason('max', { max: 4, registrations: 4, withheld: 1 }))).toMatchObject({ tone: 'warning' });
});
