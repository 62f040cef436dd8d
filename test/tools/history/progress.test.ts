import { describe, expect, it } from 'vitest';
import { progressLine } from '../../../cli/history-progress.ts';

const MINUTE = 60_000;

describe('the progress of an export', () => {
  it.each([
    ['at its beginning', 0, 0, '░░░░░░░░░░░░░░░░░░░░ 0 %  12 pipelines, now shop'],
    ['halfway', 0.5, 0.5, '██████████░░░░░░░░░░ 50 %  12 pipelines, now shop, about 10m left'],
    ['gone on with at half', 0.75, 0.25, '███████████████░░░░░ 75 %  12 pipelines, now shop, about 10m left'],
    ['at its end', 1, 1, '████████████████████ 100 %  12 pipelines, now shop, about 0s left'],
  ])('%s', (_, share, gained, line) => {
    expect(progressLine({ repository: 'shop', share, pipelines: 12 }, 10 * MINUTE, gained)).toBe(line);
  });
});
