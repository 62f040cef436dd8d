/** The node examples: YAML of the kinds that they claim, and what fits the runners. Their tools' schemas are not here. */
import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import * as yaml from 'yaml';

const folder = new URL('../../examples/nodes/', import.meta.url);
const KINDS: Readonly<Record<string, readonly string[]>> = {
  'karpenter-nodepool.yaml': ['karpenter.sh/v1 NodePool', 'karpenter.k8s.aws/v1 EC2NodeClass'],
  'managed-node-group.yaml': ['eksctl.io/v1alpha5 ClusterConfig'],
};

describe('examples/nodes', () => {
  it('holds what is tested here and nothing else', async () => {
    expect((await readdir(folder)).sort()).toEqual(Object.keys(KINDS));
  });

  it.each(Object.entries(KINDS))('%s', async (file, kinds) => {
    const text = await readFile(new URL(file, folder), 'utf8');
    const documents = yaml.parseAllDocuments(text);
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    const objects = documents.map((document) => document.toJS() as { apiVersion: string; kind: string });
    expect(objects.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual(kinds);
    // The label that the original guide's template selects, and the taint that docs/nodes.md tolerates.
    expect(text).toContain('customer: shared');
    expect(text).toMatch(/key: bitbucket-runners\n\s+value: "true"\n\s+effect: NoSchedule/);
  });
});
