import { describe, expect, it } from 'vitest';
import { InputError, ServiceError } from '#core/errors.ts';
import { BUILT_IN_TEMPLATE } from '#manifests/built-in-template.ts';
import { formatProblem } from '#yaml/problem.ts';
import { prepareDelivery } from '../../infra/config-push.ts';

const PARAMETERS =
  'strategy: percentageRunnersIdle\n    parameters: { min: 1, max: 3, scaleUpThreshold: 0.5, scaleDownThreshold: 0.2, scaleUpMultiplier: 1.5, scaleDownMultiplier: 0.5 }';
const GROUP = `groups:\n  - name: builds\n    workspace: acme\n    labels: [builds]\n    namespace: runners\n    ${PARAMETERS}\n`;
const TEMPLATED = `${GROUP}    jobTemplate: large\njobTemplates:\n  large: `;
const WITHOUT_HOLES =
  'apiVersion: batch/v1\nkind: Job\nspec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers: [{ name: runner, image: runner }]\n';
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
    [DESTINATION, 's3://acme-ci/autoscaler/templates/large.yaml', BUILT_IN_TEMPLATE.text],
    ['s3://acme-ci/runners.yaml', 's3://acme-ci/templates/large.yaml', BUILT_IN_TEMPLATE.text],
    ['ssm:/ci/runners', 'ssm:/ci/templates/large.yaml', WITHOUT_HOLES],
  ])('to %s uploads templates beside it first', async (destination, place, template) => {
    const files = {
      'here/runners.yaml': `${TEMPLATED}{ path: templates/large.yaml }\n`,
      'here/templates/large.yaml': template,
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

  it.each<[string, string | undefined, readonly string[]]>([
    ['nothing before the first push', undefined, []],
    ['nothing where no place changes', GROUP, []],
    ['nothing where what is there is no configuration', 'groups: [', []],
    [
      'a group that moves, whatever became of its template',
      `${TEMPLATED.replace('namespace: runners', 'namespace: ci')}{ path: gone.yaml }\n`,
      [
        'here/runners.yaml:5:5 groups[0].namespace: group "builds" has namespace runners instead of ci, so runners that it had before are left behind: the next ticks take them out of service, which interrupts no step, and remove each when its step is done; until the report shows none as left over, keep the rights in namespace ci of cluster default',
      ],
    ],
    [
      'a group that is gone',
      GROUP.replace('name: builds', 'name: web').replace('[builds]', '[web]'),
      [
        'here/runners.yaml:1:1 groups: group "web" is not there any more, so runners that it had before are left behind: the next ticks take them out of service, which interrupts no step, and remove each when its step is done; until the report shows none as left over, keep access to acme and the rights in namespace runners of cluster default',
      ],
    ],
  ])('warns of runners that are left behind: %s', async (_, now, expected) => {
    const { uploads, warnings } = await push({ 'here/runners.yaml': GROUP, ...(now && { [DESTINATION]: now }) });
    expect(warnings.map(formatProblem)).toEqual(expected);
    expect(uploads).toHaveLength(1);
  });

  it('says that it could not compare, and goes on', async () => {
    const readText = async (source: string) => {
      if (source !== DESTINATION) return GROUP;
      throw new ServiceError('AWS denies s3:GetObject', { service: 'aws', outcome: 'refused' });
    };
    const { uploads, warnings } = await prepareDelivery('here/runners.yaml', DESTINATION, readText);
    expect(warnings.map(formatProblem)).toEqual([
      'here/runners.yaml could not be compared with what is there now, so nobody knows whether runners are left behind: AWS denies s3:GetObject',
    ]);
    expect(uploads).toHaveLength(1);
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

  it.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'a Job template with holes',
      { 'here/runners.yaml': `${TEMPLATED}{ path: own.yaml }\n`, 'here/own.yaml': `# Ours\n${BUILT_IN_TEMPLATE.text}` },
      'has {{, which SSM refuses in any parameter; keep Job templates in S3 and name them as source: s3://…',
    ],
    [
      'a comment with a hole',
      { 'here/runners.yaml': `${GROUP}# for {{x}}\n` },
      'here/runners.yaml:8:7 has {{, which SSM refuses in any parameter; keep Job templates in S3 and name them as source: s3://…',
    ],
    [
      'more than a parameter holds',
      { 'here/runners.yaml': `${GROUP}# ${'x'.repeat(8 * 1024)}\n` },
      'here/runners.yaml has 9 KB, and SSM takes 8; keep it in S3',
    ],
  ])('to SSM refuses %s', async (_, files, sentence) => {
    const error = await push(files, 'ssm:/ci/runners').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect(String(error)).toContain(sentence);
    expect((await push(files).catch(String)) as unknown).toMatchObject({ uploads: expect.any(Array) });
  });

  it('to SSM takes what just fits', async () => {
    const comment = (length: number) => ({ 'here/runners.yaml': `${GROUP}#${'x'.repeat(length)}` });
    const room = 8 * 1024 - GROUP.length - 1;
    expect((await push(comment(room), 'ssm:/ci/runners')).uploads).toHaveLength(1);
    await expect(push(comment(room + 1), 'ssm:/ci/runners')).rejects.toThrow('keep it in S3');
  });
});
