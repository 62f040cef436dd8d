/** Spans as they are kept: their shape and numbers, and nothing that names anybody. */
import { expect, it } from 'vitest';
import { createMemoryStateStore } from '#adapters/state/memory.ts';
import { anonymise, capture, capturedSpans, requestCapture } from '#adapters/wake/capture.ts';
import { NOON } from '#kit/fleet.ts';

const UUID = '3bfa2d3e-6f4c-4b0e-9f0a-3f2f8f1f6c11';
const OTHER = '4bfa2d3e-6f4c-4b0e-9f0a-3f2f8f1f6c11';

it('keeps shape, numbers and Bitbucket’s own words; uuids become numbers, other texts lengths', () => {
  const span = {
    name: 'bbc.pipeline_step',
    startTimeUnixNano: '1794225600000000000',
    endTimeUnixNano: 1794225600,
    isLast: true,
    nothing: null,
    'feature/for-acme': { deep: 1 },
    attributes: [
      { key: 'step.uuid', value: { stringValue: `{${UUID}}` } },
      { key: 'pipeline.uuid', value: { stringValue: OTHER } },
      { key: 'again', value: { stringValue: UUID.toUpperCase() } },
      { key: 'state', value: { stringValue: 'COMPLETED' } },
      { key: 'pipeline.target.ref_name', value: { stringValue: 'feature/for-acme' } },
      { key: 'Secret Plans', value: { stringValue: 'ACME_PROD' } },
    ],
  };
  expect(anonymise(span)).toEqual({
    name: 'bbc.pipeline_step',
    startTimeUnixNano: '1794225600000000000',
    endTimeUnixNano: 1794225600,
    isLast: true,
    nothing: null,
    'text of 16': { deep: 1 },
    attributes: [
      { key: 'step.uuid', value: { stringValue: 'uuid 1' } },
      { key: 'pipeline.uuid', value: { stringValue: 'uuid 2' } },
      { key: 'again', value: { stringValue: 'uuid 1' } },
      { key: 'state', value: { stringValue: 'COMPLETED' } },
      { key: 'pipeline.target.ref_name', value: { stringValue: 'text of 16' } },
      { key: 'text of 12', value: { stringValue: 'text of 9' } },
    ],
  });
});

it('keeps as many as were asked for, of one that is too long its length, and begins anew when asked again', async () => {
  const state = createMemoryStateStore();
  await capture({ early: 1 }, state, NOON);
  expect(await capturedSpans(state)).toEqual([]);
  await requestCapture(state, 2, NOON);
  await capture({ values: Array(3000).fill(1) }, state, NOON);
  for (const at of [1, 2, 3]) await capture({ at }, state, NOON);
  expect(await capturedSpans(state)).toEqual([{ tooLong: 6012 }, { at: 1 }]);
  await requestCapture(state, 1, NOON);
  expect(await capturedSpans(state)).toEqual([]);
  await capture({ at: 4 }, state, NOON);
  expect(await capturedSpans(state)).toEqual([{ at: 4 }]);
});
