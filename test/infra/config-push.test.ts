import { describe, expect, it } from 'vitest';
import { prepareDelivery } from '../../infra/config-push.ts';
import { InputError } from '../../lib/errors.ts';
import { BUILT_IN_TEMPLATE } from '../../lib/kubernetes/built-in-template.ts';

const PARAMETERS =
  'strategy: percentageRunnersIdle\n    parameters: { min: 1, max: 3, scaleUpThreshold: 0.5, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 }';
const GROUP = `groups:\n  - name: builds\n    workspace: acme\n    labels: [builds]\n    namespace: runners\n    ${PARAMETERS}\n`;
const TEMPLATED = `${GROUP}    jobTemplate: large\njobTemplates:\n  large: `;
const DESTINATION = 's3://acme-ci/autoscaler/runners.yaml';

function filesystem(files: Readonly<Record<string, string>>) {
  const read: string[] = [];
  return {
    read,
    readText: async (source: string) => {
      read.push(source);
      const text = files[source];
      if (text === undefined) throw new InputError(`${source} does not exist`);
      return text;
    },
  };
}

const push = (files: Readonly<Record<string, string>>, destination = DESTINATION) =>
  prepareDelivery('here/runners.yaml', destination, filesystem(files).readText);

describe('pushing a configuration', () => {
  it('uploads the file as it is', async () => {
    expect(await push({ 'here/runners.yaml': GROUP })).toEqual({
      uploads: [{ to: DESTINATION, from: 'here/runners.yaml', text: GROUP }],
      warnings: [],
    });
  });

  it.each([
    [DESTINATION, 's3://acme-ci/autoscaler/templates/large.yaml'],
    ['s3://acme-ci/runners.yaml', 's3://acme-ci/templates/large.yaml'],
    ['ssm:/ci/runners', 'ssm:/ci/templates/large.yaml'],
  ])('to %s uploads templates beside it first', async (destination, place) => {
    const files = {
      'here/runners.yaml': `${TEMPLATED}{ path: templates/large.yaml }\n`,
      'here/templates/large.yaml': BUILT_IN_TEMPLATE.text,
    };
    const { uploads } = await push(files, destination);
    expect(uploads.map(({ to, from }) => [to, from])).toEqual([
      [place, 'here/templates/large.yaml'],
      [destination, 'here/runners.yaml'],
    ]);
  });

  it('leaves templates alone that lie in AWS already', async () => {
    const files = {
      'here/runners.yaml': `${TEMPLATED}{ source: "s3://elsewhere/large.yaml" }\n`,
      's3://elsewhere/large.yaml': BUILT_IN_TEMPLATE.text,
    };
    expect((await push(files)).uploads.map(({ to }) => to)).toEqual([DESTINATION]);
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'a typing error',
      { 'here/runners.yaml': GROUP.replace('namespace', 'namespce') },
      'here/runners.yaml:5:5 groups[0].namespce: unknown key (did you mean "namespace"?)',
    ],
    [
      'a template that is no Job',
      { 'here/runners.yaml': `${TEMPLATED}{ path: large.yaml }\n`, 'here/large.yaml': 'kind: Pod\n' },
      'here/large.yaml:1:',
    ],
    [
      'a template that is not there',
      { 'here/runners.yaml': `${TEMPLATED}{ path: large.yaml }\n` },
      'here/large.yaml does not exist',
    ],
    [
      'a template by its path on this machine',
      { 'here/runners.yaml': `${TEMPLATED}{ path: /etc/large.yaml }\n` },
      '/etc/large.yaml is a file of this machine, which the function cannot read; make the path relative',
    ],
    [
      'a kubeconfig',
      { 'here/runners.yaml': `${GROUP}clusters:\n  lab: { kubeconfig: { path: lab.yaml } }\n` },
      'here/runners.yaml clusters.lab: is reached through a kubeconfig, which the function does not have; write eks: { name: … }',
    ],
  ])('refuses %s', async (_, files, sentence) => {
    const error = await push(files).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect(String(error)).toContain(sentence);
  });
});
