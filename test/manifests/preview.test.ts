import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { previewManifests, previewText } from '#manifests/preview.ts';
import { groupWith, templateOf } from './group.ts';
import { hostile } from './hostile.ts';

const GUIDE = templateOf(readFileSync(new URL('guide-template.yaml', import.meta.url), 'utf8'));

/** As kubectl reads it: YAML 1.1. */
function documentsOf(text: string) {
  return parseAllDocuments(text, { version: '1.1' }).map((document) => document.toJS());
}

describe('the preview of a group', () => {
  it('names the group, stands in for uuids and hides what Secrets hold', () => {
    const text = previewText(previewManifests(groupWith({ template: GUIDE })));
    expect(text).toMatch(
      /^---\n# Group "Runner group 1": uuids stand in for those of a registration\.\napiVersion: batch\/v1\n/,
    );
    expect(text).toContain('name: runner-00000000-0000-0000-0000-000000000000');
    expect(text).toContain('data:\n  oauthClientId: "[secret]"\n  oauthClientSecret: "[secret]"\n');
    expect(text).not.toContain(Buffer.from('client-secret').toString('base64'));
  });

  it('hides what a template’s Secret holds besides the credentials', () => {
    const text = 'apiVersion: v1\nkind: Secret\nstringData: { token: hunter2 }\ndata: { "a.b": aGk= }';
    const job = 'apiVersion: batch/v1\nkind: Job\nspec: { template: { spec: { containers: [{ name: x }] } } }';
    const template = templateOf(`- ${text.replaceAll('\n', '\n  ')}\n- ${job.replaceAll('\n', '\n  ')}`);
    const { secret } = previewManifests(groupWith({ template }));
    expect(secret).toMatchObject({ stringData: { token: '[secret]' }, data: { 'a.b': '[secret]' } });
    expect(JSON.stringify(secret)).not.toMatch(/hunter2|aGk=/);
  });

  it('reads back as what it shows, whatever the group says', async () => {
    await fc.assert(
      fc.property(hostile, hostile, (name, value) => {
        const preview = previewManifests(groupWith({ env: { EXTRA: value }, nodeSelector: { pool: value } }, { name }));
        expect(documentsOf(previewText(preview))).toEqual([preview.job, preview.secret]);
      }),
    );
  });
});
