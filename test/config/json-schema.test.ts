/** What editors are told of the configuration, by the published schema. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { jsonSchema } from '#config/schema.ts';

it('the published schema is that of the code, description by description', () => {
  const published = readFileSync(new URL('../../docs/configuration.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(JSON.stringify(jsonSchema()))).toEqual(JSON.parse(published));
});
