/** Every command in the documents is one that there is, with options that it has; the configuration in README.md loads. */
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readConfig } from '#config/read.ts';
import { runCommand } from '../doors/command.ts';

const DOCUMENTS = globSync(['README.md', 'docs/*.md', 'CONTRIBUTING.md', 'SECURITY.md']);
const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> };

type Command = {
  readonly document: string;
  readonly text: string;
  readonly name: string;
  readonly options: readonly string[];
};

/** The commands in a document: after `runner-autoscaler`, or after `npm run cli --`, in code of any kind. */
async function commandsIn(document: string): Promise<readonly Command[]> {
  const text = (await readFile(document, 'utf8')).replaceAll(/\\\n\s*/g, ' ');
  const found = text.matchAll(
    /(?:^\s*\$? ?runner-autoscaler|npm run (?:--silent )?cli --) ([a-z]+(?: [a-z]+)?)([^\n`|;]*)/gm,
  );
  return [...found].map(([whole, name = '', rest = '']) => ({
    document,
    text: whole.trim(),
    name: /^(history) /.test(name) ? name : (name.split(' ')[0] ?? ''),
    options: [...rest.matchAll(/(?<= )--[a-z][a-z-]*/g)].map(([option]) => option),
  }));
}

const COMMANDS = (await Promise.all(DOCUMENTS.map(commandsIn))).flat();

describe('commands', () => {
  const helpOf = new Map<string, Promise<string>>();
  const help = (name: string) => {
    const asked = helpOf.get(name) ?? runCommand([...name.split(' '), '--help'], {}).then(({ stdout }) => stdout);
    helpOf.set(name, asked);
    return asked;
  };

  it.each(COMMANDS)('$document: $text', async ({ name, options }) => {
    const text = await help(name);
    expect(text).toMatch(new RegExp(`Usage: runner-autoscaler ${name}\\b`));
    expect(options.filter((option) => !text.includes(option))).toEqual([]);
  });

  it('are many, so that the reader of commands works', () => expect(COMMANDS.length).toBeGreaterThan(30));
});

describe('scripts', () => {
  it.each(DOCUMENTS)('of %s are in package.json', async (document) => {
    const text = await readFile(document, 'utf8');
    const names = [...text.matchAll(/npm run (?:--silent )?([a-z][a-z:]*)/g)].map(([, name = '']) => name);
    expect(names.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

describe('the way in', () => {
  it('README.md is short, and links each of its promises to a test', async () => {
    const text = await readFile('README.md', 'utf8');
    expect(text.split('\n').length).toBeLessThanOrEqual(100);
    const promises = text.split(/^- (?=\*\*)/m).slice(1);
    expect(promises.length).toBeGreaterThan(5);
    expect(promises.filter((promise) => !promise.includes('([test](test/'))).toEqual([]);
  });

  it.each(['README.md', 'docs/install.md', 'docs/from-zero.md'])(
    '%s names the package of this version',
    async (document) => {
      const { version } = JSON.parse(await readFile('package.json', 'utf8'));
      const packages = (await readFile(document, 'utf8')).match(/[a-z-]+-\d\S*?\.tgz/g) ?? [];
      expect(new Set(packages)).toEqual(new Set([`bitbucket-runner-autoscaler-${version}.tgz`]));
    },
  );
});

it('the configuration of README.md loads', async () => {
  const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(await readFile('README.md', 'utf8')) ?? [];
  const config = text.replace(/^ {3}/gm, '');
  expect(readConfig(config, 'README.md')).toMatchObject({ problems: [], warnings: [] });
});
