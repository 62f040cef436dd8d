import { describe, expect, it } from 'vitest';
import type { Fleet, WorkspaceSettings } from '#core/model/configuration.ts';
import { withOneNameEach } from '#core/observe/one-name.ts';
import { fleet, group } from '#kit/fleet.ts';
import { recordingPorts, type Script } from '../reconcile/ports.ts';
import { documents, fails } from './look.ts';

const bySlug = group({ name: 'slug' });
const byUuid = group({ name: 'uuid', scope: { workspace: '{acme}', repository: 'site' } });
const other = group({ name: 'other', scope: { workspace: '{other}' } });
const remembered = documents({
  'scope/acme': { version: 1, value: { stepSeen: false, identity: { workspaceUuid: '{acme}' } } },
});

async function named(config: Fleet, script: Script = {}) {
  const { ports, trace } = recordingPorts(script);
  return { config: await withOneNameEach(config, ports), trace };
}

const namesIn = ({ groups }: Fleet) => groups.map(({ scope }) => scope);

describe('one workspace under two names', () => {
  it('is one, under its slug, as it is remembered', async () => {
    const { config, trace } = await named(fleet([bySlug, byUuid, other]), remembered);
    expect(namesIn(config)).toEqual([
      { workspace: 'acme' },
      { workspace: 'acme', repository: 'site' },
      { workspace: '{other}' },
    ]);
    expect(Object.keys(config.workspaces)).toEqual(['acme', '{other}']);
    expect(trace).toEqual(['load scope/acme']);
  });

  it('is asked for its uuid while that is not remembered', async () => {
    const { config, trace } = await named(fleet([byUuid, bySlug]));
    expect(namesIn(config)).toEqual([{ workspace: 'acme', repository: 'site' }, { workspace: 'acme' }]);
    expect(trace).toEqual(['load scope/acme', 'identify acme']);
  });

  it('is not asked for it where only repositories of it are remembered', async () => {
    const site = group({ name: 'site', scope: { workspace: 'acme', repository: 'site' } });
    const value = { stepSeen: false, identity: { workspaceUuid: '{acme}', repositoryUuid: '{site}' } };
    const script = documents({ 'scope/acme/site': { version: 1, value } });
    const { config, trace } = await named(fleet([site, byUuid]), script);
    expect(namesIn(config)).toEqual([site.scope, site.scope]);
    expect(trace).toEqual(['load scope/acme scope/acme/site']);
  });

  it.each<{ readonly name: string; readonly config: Fleet; readonly script?: Script; readonly calls: number }>([
    { name: 'all are slugs', config: fleet([bySlug, group({ name: 'b', scope: { workspace: 'b' } })]), calls: 0 },
    { name: 'all are uuids', config: fleet([byUuid, other]), calls: 0 },
    { name: 'the uuid is that of another workspace', config: fleet([bySlug, other]), script: remembered, calls: 1 },
    {
      name: 'the uuid cannot be found out',
      config: fleet([bySlug, byUuid]),
      script: { runners: { identify: fails('503') }, state: { load: fails('503') } },
      calls: 2,
    },
  ])('a fleet stays as it is: $name', async ({ config, script, calls }) => {
    const { config: after, trace } = await named(config, script);
    expect(after).toBe(config);
    expect(trace).toHaveLength(calls);
  });

  it.each<{
    readonly name: string;
    readonly slug?: WorkspaceSettings;
    readonly uuid?: WorkspaceSettings;
    readonly after: unknown;
  }>([
    {
      name: 'the slug’s word holds, of two caps the lower',
      slug: { maxRunners: 50, api: 'public', maxConcurrentRunners: 9, concurrencyLimit: 5 },
      uuid: { maxRunners: 20, api: 'internal', secretId: 's', maxConcurrentRunners: 4, concurrencyLimit: 6 },
      after: { maxRunners: 20, api: 'public', secretId: 's', maxConcurrentRunners: 4, concurrencyLimit: 5 },
    },
    {
      name: 'the lower cap may be either’s',
      slug: { maxRunners: 20, api: 'public', maxConcurrentRunners: 4, concurrencyLimit: 6 },
      uuid: { maxRunners: 50, api: 'public', maxConcurrentRunners: 9, concurrencyLimit: 5 },
      after: { maxRunners: 20, api: 'public', maxConcurrentRunners: 4, concurrencyLimit: 5 },
    },
    {
      name: 'only the uuid says something',
      uuid: { maxRunners: 20, api: 'public' },
      after: { maxRunners: 20, api: 'public' },
    },
  ])('has the settings of both: $name', async ({ slug, uuid, after }) => {
    const config = {
      ...fleet([bySlug, byUuid]),
      workspaces: { ...(slug && { acme: slug }), ...(uuid && { '{acme}': uuid }) },
    };
    const reached: unknown[] = [];
    const unified = await named(config, { ...remembered, reach: (all) => reached.push(all) });
    expect(unified.config.workspaces).toEqual({ acme: after });
    // The ports were opened with the names as they are written.
    expect(reached).toEqual([unified.config]);
  });
});
