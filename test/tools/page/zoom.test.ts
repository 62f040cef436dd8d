import { describe, expect, it } from 'vitest';
import { actionOf, stepsOf } from '#tools/page/script/keys.js';
import { between, closest, shifted, snapped, zoomed } from '#tools/page/script/zoom.js';

const WHOLE = { from: 0, to: 1 };

describe('zooming', () => {
  it.each([
    {
      name: 'halves around a place, which stays where it is',
      view: zoomed(WHOLE, 'in', 0.25, 0.01),
      expected: { from: 0.125, to: 0.625 },
    },
    {
      name: 'doubles',
      view: zoomed({ from: 0.25, to: 0.5 }, 'out', 0.375, 0.01),
      expected: { from: 0.125, to: 0.625 },
    },
    {
      name: 'goes no closer than it may',
      view: zoomed({ from: 0.5, to: 0.75 }, 'in', 0.5, 0.2),
      expected: { from: 0.5, to: 0.7 },
    },
    { name: 'goes no farther than the whole', view: zoomed({ from: 0.1, to: 0.8 }, 'out', 0.2, 0.01), expected: WHOLE },
    {
      name: 'stays within the time at its end',
      view: shifted({ from: 0.5, to: 0.75 }, 2),
      expected: { from: 0.75, to: 1 },
    },
    {
      name: 'stays within the time at its beginning',
      view: shifted({ from: 0.25, to: 0.5 }, -2),
      expected: { from: 0, to: 0.25 },
    },
    {
      name: 'moves by a part of what is shown',
      view: shifted({ from: 0.25, to: 0.5 }, 0.5),
      expected: { from: 0.375, to: 0.625 },
    },
    {
      name: 'takes a selection in either direction',
      view: between(0.75, 0.25, 0.01),
      expected: { from: 0.25, to: 0.75 },
    },
    {
      name: 'widens a selection that is too small',
      view: between(0.5, 0.5, 0.25),
      expected: { from: 0.375, to: 0.625 },
    },
    {
      name: 'ends at the edges of buckets',
      view: snapped({ from: 0.26, to: 0.49 }, 4),
      expected: { from: 0.25, to: 0.5 },
    },
  ])('$name', ({ view, expected }) => {
    expect(view.from).toBeCloseTo(expected.from, 12);
    expect(view.to).toBeCloseTo(expected.to, 12);
  });

  it.each([
    { buckets: 480, least: 8 / 480 },
    { buckets: 4, least: 1 },
  ])('leaves eight buckets of $buckets', ({ buckets, least }) => {
    expect(closest(buckets)).toBe(least);
  });
});

describe('keys', () => {
  it.each([
    { key: '+', isShift: true, action: 'in' },
    { key: '=', isShift: false, action: 'in' },
    { key: '-', isShift: false, action: 'out' },
    { key: '_', isShift: true, action: 'out' },
    { key: '0', isShift: false, action: 'whole' },
    { key: 'ArrowLeft', isShift: true, action: 'earlier' },
    { key: 'ArrowRight', isShift: true, action: 'later' },
    { key: 'ArrowRight', isShift: false, action: undefined },
    { key: 'Tab', isShift: false, action: undefined },
  ])('$key (shift: $isShift) does: $action', ({ key, isShift, action }) => {
    expect(actionOf(key, isShift)).toBe(action);
  });

  it.each([
    { key: 'ArrowRight', steps: 1 },
    { key: 'ArrowLeft', steps: -1 },
    { key: 'PageDown', steps: -10 },
    { key: 'End', steps: Number.POSITIVE_INFINITY },
    { key: 'Tab', steps: undefined },
  ])('$key moves the cursor by $steps', ({ key, steps }) => {
    expect(stepsOf(key)).toBe(steps);
  });
});
