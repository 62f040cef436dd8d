/** The thread that reads other people's YAML. */
import { describe, expect, it } from 'vitest';
import { createYamlBox } from '#adapters/bitbucket/yaml-box.ts';

const FILE = 'pipelines: { default: [{ step: { name: Build, runs-on: [linux] } }] }';
const READ = { sections: new Map([['default', [{ name: 'Build', labels: ['linux'], block: 0 }]]]) };

/** Of the largest size, and as dense as may be: it takes a hundred milliseconds, and ten megabytes. */
const LARGE = `a: [${'"",'.repeat(30_000)}]`;

describe('the box', () => {
  it('reads one file after the other, whoever asks, in one thread', async () => {
    const read = createYamlBox();
    const files = await Promise.all([read(FILE), read('a: ['), read(FILE)]);
    expect(files).toEqual([READ, { problem: 'is no YAML (BAD_INDENT in line 1)' }, READ]);
  });

  it('stops at its time, and goes on with the next file', async () => {
    const read = createYamlBox({ timeoutMs: 1 });
    expect(await read(LARGE)).toEqual({ stopped: 'takes longer than 0.001 s to read' });
    expect(await read(LARGE)).toEqual({ stopped: 'takes longer than 0.001 s to read' });
  });

  it('stops at its memory, and goes on with the next file', async () => {
    const read = createYamlBox({
      timeoutMs: 60_000,
      options: { resourceLimits: { maxOldGenerationSizeMb: 12, maxYoungGenerationSizeMb: 2 }, execArgv: [] },
    });
    expect(await read(LARGE)).toEqual({ stopped: 'takes more than 12 MB of memory to read' });
    expect(await read(FILE)).toEqual(READ);
  });

  it('says when there is no thread', async () => {
    const read = createYamlBox({ options: { execArgv: ['--no-such-option'] } });
    await expect(read(FILE)).rejects.toThrow('--no-such-option');
    await expect(read(FILE)).rejects.toThrow('--no-such-option');
  });
});
