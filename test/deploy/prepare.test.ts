import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../doors/program.ts';
import { installPythonPrograms } from './python.ts';

const PREPARE = new URL('prepare.ts', import.meta.url).pathname;

/** A PATH on which python3 is this shell script. */
async function pathWith(script: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'python-'));
  await writeFile(join(directory, 'python3'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return directory;
}

const attempt = async (PATH: string) => {
  const cache = await mkdtemp(join(tmpdir(), 'cache-'));
  return () => installPythonPrograms({ environment: { PATH }, cache });
};

describe('the set-up', () => {
  it('says in a sentence that Python is missing', async () => {
    expect(await attempt('/nonexistent')).toThrow(
      /^Python 3 is missing, which the AWS emulator and cfn-lint need; install python3 with its venv module$/,
    );
  });

  it('says in a sentence what Python lacks', async () => {
    expect(await attempt(await pathWith('echo "Error: ensurepip is not available"; exit 1'))).toThrow(
      /^python3 cannot make a virtual environment \(Error: ensurepip is not available\); install .+ python3-venv$/,
    );
  });

  it('says in a sentence that the registry is out of reach, and begins anew the next time', async () => {
    const pip = 'echo "ERROR: No matching distribution found for moto" >&2; exit 1';
    const script = `mkdir -p "$3/bin"; printf '#!/bin/sh\\n${pip}\\n' > "$3/bin/python"; chmod +x "$3/bin/python"`;
    const install = await attempt(`${await pathWith(script)}:/usr/bin:/bin`);
    for (const _ of ['first', 'second']) {
      expect(install).toThrow(
        /^pip cannot install \S+requirements.txt \(ERROR: No matching distribution found for moto\); give it .+ newer$/,
      );
    }
  });

  it('installs once', async () => {
    const installs: string[] = [];
    const installation = { environment: process.env, onInstall: (pins: string) => installs.push(pins) };
    expect(installPythonPrograms(installation)).toEqual(installPythonPrograms(installation));
    expect(installs).toEqual([]);
  });
});

it('without Python npm run test:deploy ends with that sentence', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'cache-'));
  const ended = await runProgram(PREPARE, [cache], { PATH: '/nonexistent' });
  expect(ended).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(/^Python 3 is missing, [^\n]+\n$/) });
});
