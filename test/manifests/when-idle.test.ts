/** `whenIdle`: what pods ask for when they are created, and what is refused since Kubernetes would refuse it, or kill a step. */
import { describe, expect, it } from 'vitest';
import type { PodSettings } from '#core/model/configuration.ts';
import { group } from '#kit/fleet.ts';
import { BUILT_IN_TEMPLATE } from '#manifests/built-in-template.ts';
import { checkManifests } from '#manifests/check.ts';
import { renderManifests } from '#manifests/render.ts';
import { memoryRisk } from '#manifests/when-idle.ts';
import { groupWith, manifestInput, templateOf } from './group.ts';

const LITTLE = { cpu: '50m', memory: '256Mi' };
const MARK = 'bitbucket-runner-autoscaler/requests';

type Container = {
  readonly name: string;
  readonly resources?: { readonly requests?: object; readonly limits?: object };
};
type Pod = {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: { readonly initContainers?: readonly Container[]; readonly containers: readonly Container[] };
};

function podOf(pod: Partial<PodSettings>, isFull?: true): Pod {
  const { job } = renderManifests({ ...manifestInput(groupWith(pod)), ...(isFull && { isFull }) });
  return (job.spec as { readonly template: Pod }).template;
}

const problemsOf = (pod: Partial<PodSettings>) => checkManifests(groupWith(pod)).problems.map(({ message }) => message);

/** A template whose docker container is the first of `containers`. */
const own = (resources: string, more = '') =>
  templateOf(`apiVersion: batch/v1
kind: Job
spec:
  ttlSecondsAfterFinished: 60
  template:
    spec:
      restartPolicy: OnFailure
      containers:
        - { name: dind, image: "docker:dind", securityContext: { privileged: true }, resources: ${resources}${more} }
        - { name: other, image: busybox, resources: { requests: { cpu: 1, memory: 1Gi }, limits: { cpu: 1, memory: 1Gi } } }
`);

describe('a pod that is created', () => {
  it('asks for little, keeps its limits, and carries what to ask for later', () => {
    const { metadata, spec } = podOf({ whenIdle: { requests: LITTLE }, size: '2x' });
    expect(spec.initContainers?.[0]?.resources).toEqual({ requests: LITTLE, limits: { memory: '8Gi' } });
    expect(spec.containers[0]?.resources).toEqual(podOf({ size: '2x' }).spec.containers[0]?.resources);
    expect(JSON.parse(metadata.annotations[MARK] ?? '')).toEqual({
      container: 'docker',
      isInit: true,
      idle: LITTLE,
      full: { cpu: '2000m', memory: '8Gi' },
    });
    expect(metadata.annotations['karpenter.sh/do-not-disrupt']).toBe('true');
  });

  it('asks for all where it is made for a busy runner', () => {
    const { metadata, spec } = podOf({ whenIdle: { requests: { cpu: '50m' } } }, true);
    expect(spec.initContainers?.[0]?.resources).toMatchObject({ requests: { cpu: '1000m', memory: '4Gi' } });
    expect(JSON.parse(metadata.annotations[MARK] ?? '')).toMatchObject({
      idle: { cpu: '50m' },
      full: { cpu: '1000m' },
    });
    expect(JSON.parse(metadata.annotations[MARK] ?? '').full).not.toHaveProperty('memory');
  });

  it('is as before without whenIdle, whatever it is made for', () => {
    expect(podOf({}, true)).toEqual(podOf({}));
    expect(podOf({}).metadata.annotations).not.toHaveProperty(MARK);
  });

  it('is as before where nothing looks like Docker', () => {
    const template = own('{}').text.replace('docker:dind', 'busybox').replace('privileged: true', 'privileged: false');
    const bare = { template: templateOf(template) };
    expect(podOf({ ...bare, whenIdle: { requests: LITTLE } })).toEqual(podOf(bare));
  });

  it('finds the container among the others, and takes its limit for its request', () => {
    const template = own('{ limits: { cpu: 2 } }');
    const { metadata, spec } = podOf({ template, whenIdle: { requests: { cpu: '50m' } } });
    expect(JSON.parse(metadata.annotations[MARK] ?? '')).toEqual({
      container: 'dind',
      idle: { cpu: '50m' },
      full: { cpu: '2' },
    });
    expect(spec.containers[0]?.resources).toEqual({ limits: { cpu: 2 }, requests: { cpu: '50m' } });
    expect(spec.containers[1]?.resources).toMatchObject({ requests: { cpu: 1 } });
  });
});

describe('what is refused', () => {
  const of = 'whenIdle of group "Runner group 1"';
  it.each<[string, Partial<PodSettings>, readonly string[]]>([
    ['nothing for the built-in template', { whenIdle: { requests: LITTLE } }, []],
    ['nothing for another size', { whenIdle: { requests: { memory: '1Gi' } }, size: '8x' }, []],
    [
      'as much as a busy one asks for',
      { whenIdle: { requests: { cpu: '1', memory: '4Gi' } } },
      [
        `container "docker" requests 1000m of cpu, which is no more than ${of} (1); give less there`,
        `container "docker" requests 4Gi of memory, which is no more than ${of} (4Gi); give less there`,
      ],
    ],
    [
      'a pod without Docker',
      {
        template: templateOf(
          own('{}').text.replace('docker:dind', 'busybox').replace('privileged: true', 'privileged: false'),
        ),
        whenIdle: { requests: LITTLE },
      },
      [
        `has no container that looks like Docker, by its image or as privileged, so ${of} has nothing to resize; leave whenIdle out`,
      ],
    ],
    [
      'a container that asks for nothing',
      { template: own('{ requests: { memory: 1Gi } }'), whenIdle: { requests: { cpu: '50m' } } },
      [`container "dind" requests no cpu, so ${of} has nothing to go back to; give it a request, or leave cpu out`],
    ],
    [
      'a container that restarts',
      {
        template: own(
          '{ requests: { cpu: 1, memory: 1Gi } }',
          ', resizePolicy: [{ resourceName: cpu, restartPolicy: RestartContainer }, { resourceName: memory, restartPolicy: NotRequired }]',
        ),
        whenIdle: { requests: LITTLE },
      },
      ['container "dind" restarts when its cpu is resized, which would kill a step; use resizePolicy NotRequired'],
    ],
    [
      'another class of pod',
      {
        template: own('{ requests: { cpu: 2, memory: 2Gi }, limits: { cpu: 2000m, memory: 2Gi } }'),
        whenIdle: { requests: { cpu: '50m' } },
      },
      [
        `the pod would be Burstable instead of Guaranteed with ${of}, and Kubernetes resizes no pod into another class; leave one limit out, or whenIdle`,
      ],
    ],
    [
      'not a pod that is in no class of its own anyway',
      {
        template: own('{ requests: { cpu: 2, memory: 1Gi }, limits: { cpu: 2, memory: 2Gi } }'),
        whenIdle: { requests: { cpu: '50m' } },
      },
      [],
    ],
  ])('%s', (_, pod, expected) => {
    const about = problemsOf(pod).filter((message) => /whenIdle|resize|instead of/.test(message));
    expect(about).toEqual(expected);
  });

  it('at its place', () => {
    const text = BUILT_IN_TEMPLATE.text;
    const { problems } = checkManifests(
      groupWith({ template: templateOf(text), whenIdle: { requests: { cpu: '9' } } }),
    );
    expect(problems).toMatchObject([{ path: expect.stringContaining('spec.template.spec.initContainers') }]);
    const inContainers = checkManifests(
      groupWith({ template: own('{ requests: { cpu: 1 } }'), whenIdle: { requests: { cpu: '9' } } }),
    );
    expect(inContainers.problems.some(({ path }) => path.endsWith('spec.containers'))).toBe(true);
  });
});

it.each([
  ['none', [{}, { cpu: '50m' }], undefined],
  ['one', [{ memory: '256Mi' }, { cpu: '50m' }], '"g0"'],
  ['two', [{ memory: '256Mi', cpu: '1' }, { memory: '1Gi' }], '"g0", "g1"'],
] as const)('memory that idle pods do not request is a risk: of %s', (_name, all, names) => {
  const groups = all.map((requests, index) =>
    group({ name: `g${index}`, pod: { ...group().pod, whenIdle: { requests } } }),
  );
  const risk = memoryRisk([...groups, group({ name: 'plain' })]);
  expect(risk?.match(/a busy pod of (.+) \(whenIdle/)?.[1]).toBe(names);
});
