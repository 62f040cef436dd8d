/** Which container is the runner and which one Docker, whatever they are called and wherever they stand. */
import { describe, expect, it } from 'vitest';
import { containersOf, dockerAmong, isRunner, runnerIndex } from '#manifests/containers.ts';
import type { Fields } from '#yaml/values.ts';

const IMAGE = 'docker-public.packages.atlassian.com/sox/atlassian/bitbucket-pipelines-runner:1';
const told = { name: 'a', image: 'a:1', env: [{ name: 'RUNNER_UUID', value: '{x}' }] };
const privileged = { securityContext: { privileged: true } };

describe('the runner', () => {
  it.each<[string, readonly unknown[], number]>([
    ['is who is told its uuid', [{ name: 'runner' }, { image: IMAGE }, told], 2],
    ['else who has the image', [{ name: 'runner' }, { image: IMAGE }], 1],
    ['else who is called so', [{ name: 'docker' }, { name: 'runner' }], 1],
    ['else the first', [{ name: 'a' }, { name: 'b' }], 0],
    ['else the first, of none', [], 0],
  ])('%s', (_, containers, index) => expect(runnerIndex(containers)).toBe(index));

  it.each<[string, Fields, boolean]>([
    ['told its uuid', told, true],
    ['by its image', { image: IMAGE }, true],
    ['only by its name', { name: 'runner' }, false],
    ['with another variable', { env: [{ name: 'ACCOUNT_UUID' }] }, false],
  ])('%s', (_, container, expected) => expect(isRunner(container)).toBe(expected));
});

describe('Docker', () => {
  it.each<[string, Fields, boolean, boolean]>([
    ['docker:dind', { image: 'docker:dind' }, false, true],
    ['docker', { image: 'docker' }, true, true],
    ['a digest', { image: 'docker@sha256:abc' }, true, true],
    ['a mirror', { image: 'example.com/library/docker:28' }, true, true],
    ['dind in its name', { image: 'example.com/our-dind:1' }, true, true],
    ['an image that ends alike', { image: 'example.com/mydocker:28' }, true, false],
    ['what is privileged beside the runner', { image: 'a', ...privileged }, false, true],
    ['what is privileged as a sidecar', { image: 'a', restartPolicy: 'Always', ...privileged }, true, true],
    ['what is privileged and ends before the runner', { image: 'a', ...privileged }, true, false],
    ['what has said no', { image: 'a', securityContext: { privileged: false } }, false, false],
    ['what is called so', { name: 'docker', image: 'registry:3' }, false, false],
    ['the runner, though privileged', { ...told, ...privileged }, false, false],
    ['the runner, though its image says docker', { ...told, image: 'docker:1' }, false, false],
    ['without an image', {}, false, false],
  ])('%s', (_, item, isInit, expected) => expect(dockerAmong([{ item, isInit }])).toHaveLength(expected ? 1 : 0));

  it('is told by its image before anything else', () => {
    const pod = {
      initContainers: [{ name: 'a', restartPolicy: 'Always', ...privileged }],
      containers: [{ name: 'b', image: 'docker:dind' }],
    };
    expect(dockerAmong(containersOf(pod)).map(({ item }) => item.name)).toEqual(['b']);
  });
});
