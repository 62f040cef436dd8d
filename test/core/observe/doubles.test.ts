import { describe, expect, it } from 'vitest';
import { fleet, group } from '#kit/fleet.ts';
import { look } from './look.ts';

const UUID = '{11111111-2222-3333-4444-555555555555}';
const named = group({ name: 'named', scope: { workspace: 'acme' }, labels: ['a', 'b'] });
const byUuid = group({ name: 'by-uuid', scope: { workspace: UUID }, labels: ['a', 'b'] });
const runners = { identify: async () => ({ workspaceUuid: UUID }) };

describe('two names for one scope', () => {
  it('with one label set: both groups hold, since they have the same runners', async () => {
    const { seen } = await look(fleet([named, byUuid]), { runners });
    const sentence =
      'groups "named" and "by-uuid" have the same workspace or repository under two names and the same labels, so the same runners; name it in one way and keep one of them';
    expect(seen.groups.map(({ missing }) => missing)).toEqual([[sentence], [sentence]]);
  });

  it.each([
    ['other labels', [named, { ...byUuid, labels: ['a'] }]],
    ['labels that only together read alike', [named, { ...byUuid, labels: ['ab'] }]],
    ['a repository of the workspace', [named, { ...byUuid, scope: { workspace: 'acme', repository: 'site' } }]],
  ])('with %s: nothing is wrong', async (_name, groups) => {
    const identify = async ({ repository }: { repository?: string }) => ({
      workspaceUuid: UUID,
      ...(repository === undefined ? {} : { repositoryUuid: '{site}' }),
    });
    const { seen } = await look(fleet(groups), { runners: { identify } });
    expect(seen.groups.map(({ missing }) => missing)).toEqual([[], []]);
  });

  it('a group that is unready says why, and holds', async () => {
    const { seen } = await look(fleet([group({ unready: 'template t: S3 does not answer' })]));
    expect(seen.groups[0]?.missing).toEqual(['template t: S3 does not answer']);
  });
});
