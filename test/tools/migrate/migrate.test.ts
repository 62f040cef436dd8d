/** Whole migrations of the fixtures: what is written, what is said, and that it renders. */

import { describe, expect, it } from 'vitest';
import * as yaml from 'yaml';
import { loadFleet } from '#config/load.ts';
import { InputError } from '#core/errors.ts';
import { renderManifests } from '#manifests/render.ts';
import { migrate } from '#tools/migrate/migrate.ts';
import { renderMigration } from '#tools/migrate/migration-text.ts';
import type { SourceFile } from '#tools/migrate/source-files.ts';
import { manifestInput, RUNNER_UUID } from '../../manifests/group.ts';
import {
  CHART,
  CONFIG,
  configOf,
  fileOf,
  GUIDE,
  GUIDE_CONFIG,
  GUIDE_TEMPLATE,
  KUSTOMIZE,
  migrateTexts,
  templateOf,
} from './samples.ts';

const FIXTURES: readonly (readonly [string, readonly SourceFile[], object])[] = [
  ['guide-1x', GUIDE, { requests: { memory: '4Gi', cpu: '1000m' }, limits: { memory: '4Gi' } }],
  ['chart-3.11', CHART, { requests: { memory: '2Gi', cpu: '1000m' }, limits: { memory: '2Gi', cpu: '1000m' } }],
  ['kustomize-3x', KUSTOMIZE, { requests: { memory: '2Gi', cpu: '1000m' }, limits: { memory: '2Gi', cpu: '1000m' } }],
];

type RenderedJob = {
  spec: {
    template: { spec: { containers: { env: { name: string; value?: string }[] }[]; initContainers: object[] } };
  };
};

describe.each(FIXTURES)('%s', (name, files, resources) => {
  it('becomes these files', async () => {
    const migration = await migrate(files);
    for (const file of migration.files) {
      await expect(file.text).toMatchFileSnapshot(`expected/${name}/${file.name}`);
    }
    expect(migration.files.map((file) => file.name)).toEqual(['runners_config.yaml', 'job-template.yaml']);
  });

  it('is told like this', async () => {
    const lines = renderMigration(await migrate(files), ['out/runners_config.yaml', 'out/job-template.yaml'], {
      width: 120,
    });
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`expected/${name}/report.txt`);
    expect(lines.every((line) => line.length <= 120)).toBe(true);
  });

  it('needs no template at all with --built-in', async () => {
    const migration = await migrate(files, { builtIn: true });
    expect(migration.files.map((file) => file.name)).toEqual(['runners_config.yaml']);
    await expect(configOf(migration)).toMatchFileSnapshot(`expected/${name}/built-in/runners_config.yaml`);
  });

  it.each([
    ['a workspace runner', {}],
    ['a repository runner', { repository: 'monolith' }],
  ])('renders for %s', async (_, scope) => {
    const migration = await migrate(files);
    const text = configOf(migration).replace(/"(my guid|\{workspace_uuid\})"/g, '"acme"');
    const { fleet, warnings } = await loadFleet('runners_config.yaml', {
      readText: async (source) => (source === 'runners_config.yaml' ? text : fileOf(migration, source)),
    });
    expect(warnings).toEqual([]);
    const [group] = fleet.groups;
    if (group === undefined) throw new Error('there is a group');
    const { job, secret } = renderManifests(manifestInput({ ...group, scope: { workspace: 'acme', ...scope } }));
    const { containers, initContainers } = (job as unknown as RenderedJob).spec.template.spec;
    const variables = containers.flatMap(({ env }) => env).map((variable) => [variable.name, variable.value]);
    expect(Object.fromEntries(variables)).toEqual({
      ACCOUNT_UUID: '{aaaaaaaa-0000-0000-0000-000000000000}',
      ...('repository' in scope ? { REPOSITORY_UUID: '{bbbbbbbb-0000-0000-0000-000000000000}' } : {}),
      RUNNER_UUID,
      OAUTH_CLIENT_ID: undefined,
      OAUTH_CLIENT_SECRET: undefined,
      WORKING_DIRECTORY: '/tmp',
    });
    expect(initContainers).toMatchObject([{ name: 'docker', restartPolicy: 'Always', resources }]);
    expect(Object.values((secret as unknown as { data: object }).data)).toEqual([
      Buffer.from('the-client-id').toString('base64'),
      Buffer.from('the-client-secret').toString('base64'),
    ]);
    expect(Object.hasOwn(secret.metadata.labels ?? {}, `repository${name === 'guide-1x' ? 'Uuid' : '_uuid'}`)).toBe(
      'repository' in scope,
    );
  });

  it('repeats no credential, nor any user name', async () => {
    const migration = await migrate(files);
    const everything = JSON.stringify([migration, renderMigration(migration, ['a', 'b'], { width: 80 })]);
    expect(everything).not.toMatch(/aHVudGVy|b2F1dGgt|hunter2|a-user-name-of-ours/);
  });
});

describe('the forms in which the files may come', async () => {
  const files = await migrateTexts({ config: GUIDE_CONFIG }).then((migration) => migration.files);
  const [, template, config] = GUIDE;
  const join = (separator: string, parts: readonly (SourceFile | undefined)[]) =>
    parts.map((part) => part?.text.trimEnd()).join(separator);
  const configMap = (key: string, text: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'any-name', annotations: { note: 'from kubectl' }, uid: 'x' },
    data: { [key]: text },
  });
  const maps = [configMap('runners_config.yaml', GUIDE_CONFIG), configMap('job.yaml.template', GUIDE_TEMPLATE)];
  const one = (text: string) => [{ source: 'all.yaml', text }];

  it.each<[string, readonly SourceFile[]]>([
    ['the ConfigMaps in a file each', [GUIDE[1], GUIDE[2]].flatMap((file) => file ?? [])],
    ['one file with documents', one(join('\n---\n', [template, config]))],
    ['one file with documents in the other order', one(join('\n---\n', [config, template]))],
    ['everything in one file', one(join('\n---\n', [GUIDE[0], template, config]))],
    ['documents between empty ones', one(`---\n---\n${join('\n---\n', [config, template])}\n---\n`)],
    ['a List, as kubectl prints it', one(yaml.stringify({ apiVersion: 'v1', kind: 'List', items: maps }))],
    ['JSON, as kubectl prints it', one(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: maps }))],
    [
      'one ConfigMap with both',
      one(
        yaml.stringify({
          ...maps[0],
          data: { 'runners_config.yaml': GUIDE_CONFIG, 'job.yaml.template': GUIDE_TEMPLATE },
        }),
      ),
    ],
    [
      'keys of another name',
      one(
        yaml.stringify({
          ...maps[0],
          data: { config: GUIDE_CONFIG, template: GUIDE_TEMPLATE, other: 'of no interest' },
        }),
      ),
    ],
    [
      'a bare file and a ConfigMap',
      [
        { source: 'a', text: GUIDE_CONFIG },
        { source: 'b', text: GUIDE[1]?.text ?? '' },
      ],
    ],
    [
      'lines that end as on Windows',
      [
        { source: 'a', text: GUIDE_CONFIG.replaceAll('\n', '\r\n') },
        { source: 'b', text: GUIDE_TEMPLATE.replaceAll('\n', '\r\n') },
      ],
    ],
  ])('%s', async (_, sources) => {
    const migration = await migrate(sources);
    expect(migration.problems).toEqual([]);
    expect(migration.files).toEqual(files);
  });

  it('the configuration alone uses the built-in template, and says so', async () => {
    const migration = await migrate([{ source: 'runners_config.yaml', text: CONFIG }]);
    expect(migration.files.map(({ name }) => name)).toEqual(['runners_config.yaml']);
    expect(configOf(migration)).not.toContain('jobTemplate');
    expect(migration.changes.at(-1)?.what).toMatch(/no Job template was given/);
  });

  it('the template alone becomes a template', async () => {
    const migration = await migrate([{ source: 'job.yaml.template', text: GUIDE_TEMPLATE }]);
    expect(migration.files.map(({ name }) => name)).toEqual(['job-template.yaml']);
    expect(renderMigration(migration, ['out/job-template.yaml'], { width: 200 }).slice(0, 2)).toEqual([
      'Wrote out/job-template.yaml.',
      'The migrated Job template is valid.',
    ]);
  });

  it('the schema is noted where editors look for it', async () => {
    const migration = await migrateTexts({}, { schema: '../docs/configuration.schema.json' });
    expect(configOf(migration)).toMatch(/^# yaml-language-server: \$schema=\.\.\/docs\/configuration\.schema\.json\n/);
  });

  it('a result can be migrated no further: it is no template of theirs', async () => {
    const migration = await migrateTexts({});
    await expect(migrate([{ source: 'job-template.yaml', text: templateOf(migration) }])).rejects.toThrow(
      /neither a runner configuration nor a Job template/,
    );
  });
});

describe('files that hold nothing to migrate', () => {
  it.each<[string, readonly string[], RegExp]>([
    ['an empty one', ['# nothing\n'], /^0\.yaml is empty/],
    ['plain text', ['hello'], /^0\.yaml:1 is neither a runner configuration/],
    ['YAML of something else', ['a: 1\n'], /^0\.yaml:1 is neither/],
    ['broken YAML', ['groups:\n  - name: "x\n'], /^0\.yaml:\d+ is not valid YAML/],
    [
      'YAML that the parser dies of',
      [`${'- - '.repeat(4000)}\n- x`],
      /^0\.yaml is not valid YAML: it is nested too deeply/,
    ],
    [
      'YAML of great depth',
      [`groups: ${'['.repeat(20_000)}`],
      /^0\.yaml:\d+ is not valid YAML: it is nested too deeply/,
    ],
    ['objects only', ['apiVersion: v1\nkind: Namespace\nmetadata: { name: x }\n'], /hold neither/],
    ['two configurations', [CONFIG, CONFIG], /^1\.yaml:1 is a second runner configuration, after the one of 0\.yaml/],
    ['two templates', [GUIDE_TEMPLATE, GUIDE_TEMPLATE], /^1\.yaml:1 is a second Job template/],
    [
      'a Helm chart',
      ['{{- if .Values.rbac.create }}\nkind: ConfigMap\n{{- end }}\n'],
      /^0\.yaml:1 is a Helm template; render the chart first/,
    ],
    [
      'the description of a Helm chart',
      ['apiVersion: v2\nname: runners-autoscaler\nversion: 3.11.0\n'],
      /^0\.yaml:1 describes a Helm chart; render the chart first/,
    ],
  ])('%s', async (_, texts, message) => {
    const attempt = migrate(texts.map((text, index) => ({ source: `${index}.yaml`, text })));
    await expect(attempt).rejects.toThrow(InputError);
    await expect(attempt).rejects.toThrow(message);
  });

  it('broken YAML is not repeated: it may hold a credential', async () => {
    const text = 'apiVersion: v1\nkind: Secret\ndata:\n  a: b\n "hunter2" "hunter2": [hunter2\n';
    await expect(migrate([{ source: 'secret.yaml', text }])).rejects.not.toThrow(/hunter2/);
  });

  it('--built-in without a configuration has nobody to say what the template said', async () => {
    const attempt = migrate([{ source: 'a', text: GUIDE_TEMPLATE }], { builtIn: true });
    await expect(attempt).rejects.toThrow(/--built-in needs the runner configuration/);
  });
});

describe('objects around the files', () => {
  const object = (kind: string, name: string) => `apiVersion: v1\nkind: ${kind}\nmetadata: { name: ${name} }\n`;

  it.each([
    ['a part of their autoscaler', object('ServiceAccount', 'runners-autoscaler'), 'obsolete'],
    ['its control plane', object('Namespace', 'bitbucket-runner-control-plane'), 'obsolete'],
    ['the namespace of the runners', object('Namespace', 'runners'), 'needed'],
    ['something of the user', object('ServiceAccount', 'deployer'), 'unknown'],
    [
      'a Deployment by its image',
      `${object('Deployment', 'scaler')}spec: { template: { spec: { containers: [{ name: a, image: bitbucketpipelines/runners-autoscaler:3.7.0 }] } } }\n`,
      'obsolete',
    ],
    ['a ConfigMap of the user', `${object('ConfigMap', 'settings')}data: { a: b }\n`, 'unknown'],
  ])('%s', async (_, text, fate) => {
    const { objects } = await migrate([
      { source: 'config.yaml', text: CONFIG },
      { source: 'object.yaml', text },
    ]);
    expect(objects).toMatchObject([{ fate, source: 'object.yaml', line: 1 }]);
  });

  const ofHelm = (kind: string, name: string) =>
    `apiVersion: v1\nkind: ${kind}\nmetadata: { name: ${name}, labels: { app.kubernetes.io/managed-by: Helm } }\n`;

  it.each<[string, string, string | RegExp]>([
    [
      'what is still needed',
      ofHelm('Namespace', 'runners'),
      /Namespace runners too, which stays in use.*kubectl annotate namespace runners helm\.sh\/resource-policy=keep\./,
    ],
    [
      'nothing that is needed',
      ofHelm('ServiceAccount', 'runners-autoscaler'),
      /ServiceAccount runners-autoscaler: nothing of it is needed any more/,
    ],
    ['what it did not make', object('Namespace', 'runners'), /^(?!.*helm)/],
  ])('helm uninstall takes %s', async (_, text, told) => {
    const migration = await migrate([
      { source: 'config.yaml', text: CONFIG },
      { source: 'object.yaml', text },
    ]);
    expect(renderMigration(migration, ['a'], { width: 500 }).join(' ')).toMatch(told);
  });

  it('what Kubernetes puts into every namespace is not mentioned', async () => {
    const { objects } = await migrate([
      { source: 'config.yaml', text: CONFIG },
      { source: 'object.yaml', text: `${object('ConfigMap', 'kube-root-ca.crt')}data: { ca.crt: x }\n` },
    ]);
    expect(objects).toEqual([]);
  });

  it('a service account that the template names stays needed', async () => {
    const template = GUIDE_TEMPLATE.replace(
      'restartPolicy: OnFailure',
      'restartPolicy: OnFailure\n          serviceAccountName: deployer',
    );
    const { objects } = await migrate([
      { source: 'a', text: CONFIG },
      { source: 'b', text: template },
      { source: 'c', text: object('ServiceAccount', 'deployer') },
    ]);
    expect(objects).toMatchObject([{ fate: 'needed' }]);
  });

  it.each([
    ['BITBUCKET_APP_PASSWORD', /create an API token with the scopes read:runner:bitbucket/, /28 July 2026/],
    ['BITBUCKET_OAUTH_CLIENT_SECRET', /the OAuth consumer stays usable/, /not read/],
    ['ATLASSIAN_API_TOKEN', /the API token stays usable/, /not read/],
  ])('%s: what to create instead, without its value', async (name, what, why) => {
    const text = `${object('Deployment', 'runner-controller')}spec: { env: [{ name: ${name}, value: hunter2 }] }\n`;
    const { changes } = await migrate([
      { source: 'a', text: CONFIG },
      { source: 'b', text },
    ]);
    const [credential] = changes.filter(({ code }) => code === 'credential');
    expect(credential?.what).toMatch(what);
    expect(credential?.why).toMatch(why);
    expect(JSON.stringify(changes)).not.toContain('hunter2');
  });
});
