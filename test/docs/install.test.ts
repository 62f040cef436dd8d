/** docs/install.md names files, parameters and images that there are, and the pipeline to copy fits the configuration of README.md. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '#config/read.ts';
import { templateOf } from '../../infra/template.ts';

const text = await readFile('docs/install.md', 'utf8');
const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };

it('names this version', () => {
  const versions = [...text.matchAll(/\d+\.\d+\.\d+(-rc\.\d+)?/g)].map(([one]) => one);
  expect(new Set(versions)).toEqual(new Set([version]));
});

it('names every parameter of the template, and no other', () => {
  const parameters = Object.keys(templateOf(version, 'functions.zip').Parameters);
  const [, list = ''] = /Parameters, by name: ([^.]+)\./.exec(text) ?? [];
  const named = [...list.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
  expect(named.toSorted()).toEqual(parameters.toSorted());
  const overrides = [...text.matchAll(/--parameter-overrides ([^\n]+)/g)].flatMap(([, all = '']) => all.split(' '));
  const [, ofTerraform = ''] = /parameters = \{([^}]+)\}/.exec(text) ?? [];
  const given = [...overrides, ...ofTerraform.trim().split('\n')].map((one) => one.split('=')[0]?.trim());
  expect(given.filter((name) => !parameters.includes(name ?? ''))).toEqual([]);
  expect(given).toEqual(expect.arrayContaining(['CodeBucket', 'Cluster', 'AlarmTopic']));
});

it('says in Terraform what fits into some twenty lines', () => {
  const [, hcl = ''] = /```hcl\n(.*?)```/s.exec(text) ?? [];
  expect(hcl.trim().split('\n').length).toBeLessThan(25);
});

it('the pipeline to copy asks for the labels of the configuration of README.md', async () => {
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(await readFile('README.md', 'utf8')) ?? [];
  const { groups } = parse(yaml) as { groups: readonly { labels: readonly string[] }[] };
  const pipeline = parse(await readFile('examples/hello-runner/bitbucket-pipelines.yml', 'utf8'));
  expect(pipeline.pipelines.custom.hello[0].step['runs-on']).toEqual([
    'self.hosted',
    'linux',
    ...(groups[0]?.labels ?? []),
  ]);
});

it('the configuration of the pod is one', async () => {
  const path = 'infra/kubernetes/in-cluster/runners.yaml';
  expect(readConfig(await readFile(path, 'utf8'), path)).toMatchObject({ problems: [], warnings: [] });
});
