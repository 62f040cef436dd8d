import { describe, expect, it } from 'vitest';
import { createRecent } from '#adapters/recent.ts';

describe('what was read last', () => {
  it('is read once, also by those who ask meanwhile', async () => {
    const recent = createRecent<number>(2);
    let reads = 0;
    const read = async () => {
      reads += 1;
      return reads;
    };
    expect(await Promise.all([recent('a', read), recent('a', read)])).toEqual([1, 1]);
    expect(await recent('a', read)).toBe(1);
  });

  it('is forgotten when others were asked for since', async () => {
    const recent = createRecent<string>(2);
    const reads: string[] = [];
    const ask = (key: string) =>
      recent(key, async () => {
        reads.push(key);
        return key;
      });
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await ask(key);
    expect(reads).toEqual(['a', 'b', 'c', 'b']);
  });

  it('is read again after a failure', async () => {
    const recent = createRecent<string>(2);
    await expect(recent('a', () => Promise.reject(new Error('503')))).rejects.toThrow('503');
    expect(await recent('a', async () => 'text')).toBe('text');
  });

  it('is read again when it is old', async () => {
    let now = 0;
    const recent = createRecent<number>(2, { forMs: 10, now: () => now });
    const read = () => recent('a', async () => now);
    await read();
    now = 9;
    expect(await read()).toBe(0);
    now = 10;
    expect(await read()).toBe(10);
    now = 19;
    expect(await read()).toBe(10);
  });
});
