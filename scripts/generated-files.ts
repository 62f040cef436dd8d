/**
 * The files of this repository that are made from its code. Each entry says where a file lies and how its text is made;
 * `generate.ts` writes them, and a test fails when one is out of date.
 */
import { readFile } from 'node:fs/promises';
import { jsonSchema } from '#config/schema.ts';
import { fillCostSentence, fillCosts } from './cost-document.ts';
import { drawDemo } from './demo-drawing.ts';
import { fillTables } from './documentation-tables.ts';
import { kubernetesSchema } from './kubernetes-schema.ts';
import { fillParameters } from './parameter-document.ts';
import { fillTemplateDocument } from './template-document.ts';

/** A generated file: its path from the root of the repository, and its text. */
export type GeneratedFile = {
  readonly file: string;
  readonly generate: () => string | Promise<string>;
};

/** Every generated file. */
export const generatedFiles: readonly GeneratedFile[] = [
  { file: 'docs/configuration.schema.json', generate: () => `${JSON.stringify(jsonSchema(), null, 2)}\n` },
  {
    file: 'lib/manifests/schema.json',
    generate: async () => `${JSON.stringify(await kubernetesSchema(), null, 2)}\n`,
  },
  { file: 'docs/demo.svg', generate: drawDemo },
  // Written by hand but for the parts between `<!-- generated: NAME -->` and `<!-- end -->`.
  {
    file: 'docs/scaling.md',
    generate: async () => fillTables(await readFile(new URL('../docs/scaling.md', import.meta.url), 'utf8')),
  },
  {
    file: 'docs/templates.md',
    generate: async () =>
      fillTemplateDocument(await readFile(new URL('../docs/templates.md', import.meta.url), 'utf8')),
  },
  {
    file: 'docs/deploy.md',
    generate: async () =>
      fillCosts(fillParameters(await readFile(new URL('../docs/deploy.md', import.meta.url), 'utf8'))),
  },
  {
    file: 'README.md',
    generate: async () => fillCostSentence(await readFile(new URL('../README.md', import.meta.url), 'utf8')),
  },
];
