import { describe, expect, it } from 'vitest';
import { readConfig } from '#config/read.ts';
import { GROUP, PARAMETERS, problemsOf, warningsOf, withGroup, withGroups, withParameters } from './samples.ts';

const CAMEL = {
  min: 1,
  max: 10,
  scaleUpThreshold: 0.5,
  scaleDownThreshold: 0.2,
  scaleUpMultiplier: 1.5,
  scaleDownMultiplier: 0.5,
};

/** Groups of so many repositories, whose max the workspace allows. */
function repositories(count: number): Parameters<typeof withGroups>[0] {
  return Array.from({ length: count }, (_, index) => ({
    repository: `r${index}`,
    parameters: { ...PARAMETERS, max: 2 },
  }));
}

describe('parameters', () => {
  it.each([
    ['snake case', PARAMETERS, []],
    ['camel case', CAMEL, []],
    ['the bounds of every rule', { ...PARAMETERS, min: 10, scale_up_threshold: 1, scale_down_threshold: 0.99 }, []],
    [
      'one parameter in both spellings',
      { ...PARAMETERS, scaleUpThreshold: 0.5 },
      ['groups[0].parameters.scaleUpThreshold: is "scale_up_threshold" once more; remove one of them'],
    ],
    [
      'missing, in the spelling that the group uses',
      { ...CAMEL, scaleUpMultiplier: undefined },
      ['groups[0].parameters.scaleUpMultiplier: is missing'],
    ],
    [
      'all missing',
      {},
      ['min', 'max', 'scale_up_threshold', 'scale_down_threshold', 'scale_up_multiplier', 'scale_down_multiplier'].map(
        (key) => `groups[0].parameters.${key}: is missing`,
      ),
    ],
  ])('%s', (_, parameters, expected) => {
    expect(problemsOf(withGroup({ parameters })).toSorted()).toEqual(expected.toSorted());
  });

  it.each([
    ['min below 0', { min: -1 }, 'min: expected a number of at least 0, got -1'],
    ['min with a fraction', { min: 1.5 }, 'min: expected a whole number, got the number 1.5'],
    ['min above max', { min: 11 }, 'min: is 11, which is more than max (10); lower min or raise max'],
    ['max of 0', { min: 0, max: 0 }, 'max: expected a number of at least 1, got 0'],
    ['max in quotes', { max: '10' }, 'max: expected a number, got the text "10"; remove the quotes'],
    ['threshold of 0', { scale_down_threshold: 0 }, 'scale_down_threshold: expected a number above 0, got 0'],
    ['threshold above 1', { scale_up_threshold: 1.01 }, 'scale_up_threshold: expected a number of at most 1, got 1.01'],
    ['up-multiplier of 1', { scale_up_multiplier: 1 }, 'scale_up_multiplier: expected a number above 1, got 1'],
    ['down-multiplier of 0', { scale_down_multiplier: 0 }, 'scale_down_multiplier: expected a number above 0, got 0'],
    ['down-multiplier of 1', { scale_down_multiplier: 1 }, 'scale_down_multiplier: expected a number below 1, got 1'],
    [
      'thresholds that are equal',
      { scale_down_threshold: 0.5 },
      'scale_down_threshold: is 0.5, but has to be below the scale-up threshold (0.5); otherwise the group grows and shrinks at once',
    ],
    ['empty', { min: null }, 'min: has no value; write one or remove the line'],
    [
      'unknown, but near',
      { scale_up_treshold: 1 },
      'scale_up_treshold: unknown key (did you mean "scale_up_threshold"?)',
    ],
    ['unknown, and far', { frequency: 1 }, 'frequency: unknown key'],
  ])('%s', (_, changes, expected) => {
    expect(problemsOf(withParameters(changes))).toEqual([`groups[0].parameters.${expected}`]);
  });
});

describe('groups', () => {
  const UUID = '3c3c6b5e-9a3e-4f0b-8a53-2f0f3a1f6a01';

  it.each([
    [
      'workspace: the placeholder of the guide',
      { workspace: 'my guid' },
      'workspace: "my guid" is a placeholder, not a uuid; replace it with the slug or the {uuid}',
    ],
    [
      'workspace: the placeholder of 3.x',
      { workspace: '{workspace_uuid}' },
      'workspace: "{workspace_uuid}" is a placeholder, not a uuid; replace it with the slug or the {uuid}',
    ],
    [
      'workspace: the placeholder of 2.x',
      { workspace: '<workspace>' },
      'workspace: "<workspace>" is a placeholder, not a uuid; replace it with the slug or the {uuid}',
    ],
    [
      'workspace with its repository',
      { workspace: 'acme/web' },
      'workspace: "acme/web" has a slash; give workspace and repository under their own keys',
    ],
    [
      'workspace that would leave its path',
      { workspace: '..' },
      'workspace: ".." is neither a slug (letters, digits, dashes, dots, underscores) nor a {uuid}',
    ],
    ['workspace that is a number', { workspace: 7 }, 'workspace: expected text, got the number 7; put it in quotes'],
    [
      'half a uuid',
      { repository: `{${UUID.slice(4)}}` },
      `repository: "{${UUID.slice(4)}}" is a placeholder, not a uuid; replace it with the slug or the {uuid}`,
    ],
    ['labels that are no list', { labels: 'builds' }, 'labels: expected a list (- item), got the text "builds"'],
    [
      'a label in upper case',
      { labels: ['Builds'] },
      'labels[0]: "Builds" is not a runner label: Bitbucket allows lower-case letters, digits and dots',
    ],
    [
      'a label with a dash',
      { labels: ['my-builds'] },
      'labels[0]: "my-builds" is not a runner label: Bitbucket allows lower-case letters, digits and dots',
    ],
    [
      'a label that YAML takes for a number',
      { labels: [1.5] },
      'labels[0]: expected text, got the number 1.5; put it in quotes',
    ],
    [
      'a Windows runner',
      { labels: ['windows'] },
      'labels[0]: "windows" belongs to runners of another kind; runners here are Linux containers',
    ],
    [
      'a macOS runner',
      { labels: ['macos'] },
      'labels[0]: "macos" belongs to runners of another kind; runners here are Linux containers',
    ],
    [
      'a shell runner',
      { labels: ['linux.shell'] },
      'labels[0]: "linux.shell" belongs to runners of another kind; runners here are Linux containers',
    ],
    [
      'the OS label of the other architecture',
      { labels: ['linux.arm64'], architecture: 'amd64' },
      'labels[0]: "linux.arm64" contradicts architecture amd64; remove the label',
    ],
    [
      'both OS labels',
      { labels: ['linux', 'linux.arm64'] },
      'labels[0]: "linux" contradicts architecture arm64; remove the label',
    ],
    [
      'eight own labels',
      { labels: [...'abcdefgh'] },
      'labels: makes 11 labels with self.hosted, the OS label and autoscaler.created, but Bitbucket allows 10; remove 1',
    ],
    [
      'a namespace in upper case',
      { namespace: 'Runners' },
      'namespace: "Runners" is not a Kubernetes namespace name: lower-case letters, digits and dashes, and no dash at its ends',
    ],
    ['a namespace of 64 characters', { namespace: 'a'.repeat(64) }, 'namespace: is longer than 63 characters'],
    ['a name with a line break', { name: 'a\nb' }, 'name: expected a name in one line, without spaces at its ends'],
    ['a name with a tab', { name: 'a\tb' }, 'name: contains a control character; write the name again by hand'],
    [
      'an unknown strategy',
      { strategy: 'percentageRunnersIdel' },
      'strategy: expected one of percentageRunnersIdle, idleBuffer, queueAware, got the text "percentageRunnersIdel" (did you mean "percentageRunnersIdle"?)',
    ],
    [
      'an unknown size',
      { size: '3x' },
      'size: expected 1x, 2x, 4x or 8x, or a size of your own such as { memory: 12Gi, cpu: 3 }',
    ],
    ['a size without cpu', { size: { memory: '12Gi' } }, 'size.cpu: is missing'],
    [
      'a size with another key',
      { size: { memory: '12Gi', cpu: 3, cpus: 2 } },
      'size.cpus: unknown key (did you mean "cpu"?)',
    ],
    [
      'a size without a unit',
      { size: { memory: 12, cpu: 3 } },
      'size.memory: "12" is less than 1Mi, so its unit is missing or wrong; write it as 512Mi or 4Gi',
    ],
    [
      'a size that is a list',
      { size: ['12Gi'] },
      'size: expected 1x, 2x, 4x or 8x, or a size of your own such as { memory: 12Gi, cpu: 3 }',
    ],
    ['a key in the wrong spelling', { job_template: 'x' }, 'job_template: unknown key (did you mean "jobTemplate"?)'],
    ['a key of every object in JavaScript', { constructor: 1 }, 'constructor: unknown key'],
    [
      'a duration in words',
      { startTimeout: '10 minutes' },
      'startTimeout: expected a duration such as 90s, 10m or 2h, or a number of seconds',
    ],
    ['a negative duration', { coolDown: -1 }, 'coolDown: expected a number of at least 0, got -1'],
    [
      'a duration in quotes without a unit',
      { drainGrace: '45' },
      'drainGrace: expected a duration such as 90s, 10m or 2h, or a number of seconds',
    ],
    ['no creates at all', { maxCreatesPerTick: 0 }, 'maxCreatesPerTick: expected a number of at least 1, got 0'],
    [
      'a selector value that YAML takes for a boolean',
      { nodeSelector: { spot: true } },
      'nodeSelector.spot: expected text, got the boolean true; put it in quotes',
    ],
    [
      'a selector key with a space',
      { nodeSelector: { 'a b': 'x' } },
      'nodeSelector["a b"]: is not a Kubernetes label key such as "customer" or "example.com/pool"',
    ],
    [
      'a selector value with a space',
      { nodeSelector: { a: 'x y' } },
      'nodeSelector.a: "x y" is not a Kubernetes label value: at most 63 letters, digits, dashes, dots and underscores',
    ],
    [
      'nodes of the other architecture',
      { nodeSelector: { 'kubernetes.io/arch': 'arm64' } },
      'nodeSelector["kubernetes.io/arch"]: selects arm64 nodes for amd64 runners; set "architecture: arm64" or remove the selector',
    ],
    [
      'nodes of the other architecture, in the spelling of Atlassian',
      { node_selector: { 'kubernetes.io/arch': 'arm64' } },
      'node_selector["kubernetes.io/arch"]: selects arm64 nodes for amd64 runners; set "architecture: arm64" or remove the selector',
    ],
    [
      'a service account in upper case',
      { serviceAccountName: 'Deploy' },
      'serviceAccountName: "Deploy" is not a Kubernetes object name: lower-case letters, digits, dashes and dots, and none of these at its ends',
    ],
    [
      'an image with a space',
      { images: { docker: 'docker: dind' } },
      'images.docker: "docker: dind" is not an image such as docker:28-dind or docker@sha256:…',
    ],
    [
      'a token that may be mounted',
      { automountServiceAccountToken: 'no' },
      'automountServiceAccountToken: expected true or false, got the text "no"',
    ],
    [
      'a priority class with an underscore',
      { priorityClassName: 'ci_low' },
      'priorityClassName: "ci_low" is not a Kubernetes object name: lower-case letters, digits, dashes and dots, and none of these at its ends',
    ],
    [
      'a toleration without key',
      { tolerations: [{ value: 'x' }] },
      'tolerations[0]: has no key; give one, or write "operator: Exists" to tolerate every taint',
    ],
    [
      'a toleration with a value too many',
      { tolerations: [{ key: 'a', operator: 'Exists', value: 'x' }] },
      'tolerations[0].value: means nothing with "operator: Exists"; remove one of them',
    ],
    [
      'a toleration with a time and no eviction',
      { tolerations: [{ key: 'a', tolerationSeconds: 5 }] },
      'tolerations[0].tolerationSeconds: needs "effect: NoExecute"',
    ],
    [
      'an unknown effect',
      { tolerations: [{ key: 'a', effect: 'NoExecution' }] },
      'tolerations[0].effect: expected one of NoSchedule, PreferNoSchedule, NoExecute, got the text "NoExecution" (did you mean "NoExecute"?)',
    ],
    [
      'a variable that makes the runner',
      { env: { RUNNER_UUID: 'x' } },
      'env.RUNNER_UUID: is set by the autoscaler for every runner; remove it here',
    ],
    [
      'a variable with a dash',
      { env: { 'A-B': 'x' } },
      'env.A-B: is not the name of an environment variable: letters, digits and underscores, no digit first',
    ],
    ['a variable without value', { env: { A: null } }, 'env.A: has no value; write one or remove the line'],
    [
      'a variable that is a list',
      { env: { A: ['secret'] } },
      'env.A: expected text, a number, true or false ("" for empty)',
    ],
    [
      'memory in the wrong unit',
      { resources: { limits: { memory: '4GB' } } },
      'resources.limits.memory: "4GB" is not a memory quantity; write it as 512Mi or 4Gi',
    ],
    [
      'memory without unit',
      { resources: { limits: { memory: 4 } } },
      'resources.limits.memory: "4" is less than 1Mi, so its unit is missing or wrong; write it as 512Mi or 4Gi',
    ],
    [
      'memory in thousandths of a byte',
      { resources: { limits: { memory: '4000m' } } },
      'resources.limits.memory: "4000m" is less than 1Mi, so its unit is missing or wrong; write it as 512Mi or 4Gi',
    ],
    [
      'no CPU',
      { resources: { limits: { cpu: 0 } } },
      'resources.limits.cpu: "0" is not a CPU quantity; write it as 500m, 2 or 1.5',
    ],
    [
      'a request above its limit',
      { resources: { requests: { cpu: '1500m' }, limits: { cpu: 1 } } },
      'resources.requests.cpu: is 1500m, which is more than the limit (1); Kubernetes refuses such pods',
    ],
    [
      'a template that is not there',
      { jobTemplate: 'large' },
      'jobTemplate: "large" is not defined; add it under "jobTemplates"',
    ],
    ['a cluster that is not there', { cluster: 'main' }, 'cluster: "main" is not defined; add it under "clusters"'],
  ])('%s', (_, changes, expected) => {
    expect(problemsOf(withGroup(changes))).toEqual([`groups[0].${expected}`]);
  });

  it.each(['name', 'workspace', 'labels', 'namespace', 'strategy', 'parameters'])('%s is required', (key) => {
    expect(problemsOf(withGroup({ [key]: undefined }))).toEqual([`groups[0].${key}: is missing`]);
    expect(problemsOf(withGroup({ [key]: null }))).toEqual([
      `groups[0].${key}: has no value; write one or remove the line`,
    ]);
  });

  it.each([
    ['a repository without value, as in templates of the file', { repository: null }],
    ['no labels of its own', { labels: [] }],
    ['labels given twice, and the implied ones', { labels: ['a', 'a', 'self.hosted', 'linux', 'autoscaler.created'] }],
    ['seven own labels', { labels: [...'abcdefg'] }],
    ['CPU as YAML numbers', { resources: { requests: { cpu: 0.5 }, limits: { cpu: 2 } } }],
    ['a toleration of everything', { tolerations: [{ operator: 'Exists' }] }],
    ['the built-in cluster by name', { cluster: 'default' }],
  ])('%s is fine', (_, changes) => {
    expect(problemsOf(withGroup(changes))).toEqual([]);
  });
});

describe('the whole file', () => {
  const eks = { eks: { name: 'ci' } };

  it.each([
    ['no groups', '{}', ['groups: is missing']],
    ['an empty list of groups', '{"groups":[]}', ['groups: is an empty list; write at least one entry']],
    ['a list', '[]', [': expected a mapping (key: value), got a list']],
    [
      'the 0.x name of the groups',
      JSON.stringify({ config: [], groups: [GROUP] }),
      ['config: unknown key; it has been called "groups" since 1.0 of Atlassian\'s autoscaler: rename it'],
    ],
    [
      'a ConfigMap',
      '{"apiVersion":"v1","kind":"ConfigMap","data":{}}',
      [': is a Kubernetes ConfigMap; give what stands under its data, in "runners_config.yaml", as a file of its own'],
    ],
    [
      'two groups of one name',
      withGroups([{ name: 'a' }, { name: 'a' }]),
      ['groups[1].name: "a" is the name of an earlier group already; give each its own'],
    ],
    [
      'two groups of one label set, in another order and spelling',
      withGroups([
        { name: 'a', labels: ['x', 'y'] },
        { name: 'b', workspace: 'ACME', labels: ['y', 'x', 'linux', 'x'] },
      ]),
      [
        'groups[1].labels: makes the same label set as "a" in the same workspace or repository, so their runners could not be told apart; add a label of its own',
      ],
    ],
    ['the same label set in a repository', withGroups([{ labels: ['x'] }, { labels: ['x'], repository: 'web' }]), []],
    [
      'the same label set on the other architecture',
      withGroups([{ labels: ['x'] }, { labels: ['x'], architecture: 'arm64' }]),
      [],
    ],
    [
      'a group that names none of several clusters',
      withGroup({}, { clusters: { a: eks, b: eks } }),
      ['groups[0].cluster: is missing; give one of a, b, or call one of them "default"'],
    ],
    [
      'a group that names another cluster',
      withGroup({ cluster: 'c' }, { clusters: { a: eks, b: eks } }),
      ['groups[0].cluster: "c" is not defined; the file has a, b'],
    ],
    [
      'a cluster of two kinds',
      withGroup({}, { clusters: { a: { ...eks, kubeconfig: {} } } }),
      ['clusters.a: expected exactly one of eks, kubeconfig, got eks and kubeconfig'],
    ],
    [
      'a cluster of no kind',
      withGroup({}, { clusters: { a: {} } }),
      ['clusters.a: expected exactly one of eks, kubeconfig, got none'],
    ],
    [
      'a role that is no ARN',
      withGroup({}, { clusters: { a: { eks: { name: 'ci', externalId: 'a b' } } } }),
      ['clusters.a.eks.externalId: "a b" is no external id: letters, digits and any of +=,.@:/-, two at least'],
    ],
    [
      'a role by name',
      withGroup({}, { clusters: { a: { eks: { name: 'ci', roleArn: 'admin' } } } }),
      ['clusters.a.eks.roleArn: "admin" is not the ARN of an IAM role'],
    ],
    [
      'a template of two kinds',
      withGroup({ jobTemplate: 'a' }, { jobTemplates: { a: { path: 'x', inline: 'y' } } }),
      ['jobTemplates.a: expected exactly one of source, path, inline, got path and inline'],
    ],
    [
      'a workspace listed twice',
      withGroup({}, { workspaces: { acme: {}, ACME: {} } }),
      ['workspaces.ACME: is "acme" once more; remove one of them'],
    ],
    [
      'a workspace that cannot hold a runner',
      withGroup({}, { workspaces: { acme: { maxRunners: 0 } } }),
      ['workspaces.acme.maxRunners: expected a number of at least 1, got 0'],
    ],
    [
      'a workspace with fewer calls than a minute needs',
      withGroup({}, { workspaces: { acme: { callsPerHour: 59 } } }),
      ['workspaces.acme.callsPerHour: expected a number of at least 60, got 59'],
    ],
    ['a workspace with just enough calls', withGroup({}, { workspaces: { acme: { callsPerHour: 60 } } }), []],
    [
      'a cool-down in words',
      withGroup({}, { constants: { runner_cool_down_period: 'soon' } }),
      ['constants.runner_cool_down_period: expected a duration such as 90s, 10m or 2h, or a number of seconds'],
    ],
    ['a place for anchors', withGroup({}, { 'x-shared': { any: 'thing' } }), []],
    ['constants without value', withGroup({}, { constants: null }), []],
  ])('%s', (_, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  it('finds problems between keys although others are wrong by themselves', () => {
    const text = withGroups([
      { name: 'a', namespace: 'NO', parameters: { ...PARAMETERS, min: 20, scale_up_multiplier: 0 } },
      { name: 'a', colour: 'red', cluster: 'x' },
    ]);
    expect(problemsOf(text).map((problem) => problem.split(':')[0])).toEqual([
      'groups[0].namespace',
      'groups[0].parameters.min',
      'groups[0].parameters.scale_up_multiplier',
      'groups[1].name',
      'groups[1].colour',
      'groups[1].cluster',
    ]);
  });
});

describe('a file in which everything is wrong', () => {
  it('is told as far as anybody reads on', () => {
    const groups = Array.from({ length: 2_000 }, () => ({ name: 'a' }));
    const { problems } = readConfig(JSON.stringify({ groups }), 'runners.yaml');
    const [ofKeys, more] = [
      problems.filter(({ message }) => message === 'is missing'),
      problems.filter(({ path }) => path === ''),
    ];
    expect(ofKeys.length).toBeLessThan(1_010);
    expect(more.map(({ message }) => message)).toEqual([
      'has more that is wrong than is told here; correct this first',
    ]);
  });

  it('has no more unknown keys than are told', () => {
    const keys = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`key${index}`, 1]));
    const { problems } = readConfig(JSON.stringify({ groups: [{ name: 'a', ...keys }] }), 'runners.yaml');
    expect(problems.filter(({ message }) => message.startsWith('unknown key'))).toHaveLength(1_000);
  });
});

describe('warnings', () => {
  it.each([
    ['nothing to say', withGroup({}), []],
    [
      'min of 0',
      withParameters({ min: 0 }),
      [
        'groups[0].parameters.min: with 0 the group never starts by itself: a step that finds no online runner fails at once, and no runner means no busy share; use at least 1',
      ],
    ],
    [
      'a drain grace shorter than a late busy mark',
      withGroup({ drainGrace: '59s' }),
      [
        'groups[0].drainGrace: is less than the minute by which a step may show late: a build that has just begun could be lost; use 90s',
      ],
    ],
    ['a drain grace as long as a late busy mark', withGroup({ drainGrace: 60 }), []],
    ['exactly the cap', withGroups([60, 40].map((max) => ({ parameters: { ...PARAMETERS, max } }))), []],
    [
      'more than the cap',
      withGroups([60, 41].map((max) => ({ parameters: { ...PARAMETERS, max } }))),
      [
        'groups[1].parameters.max: makes 101 runners for all groups of workspace acme together, but the workspace may have 100, so some will be held back; lower a max, or raise maxRunners of the workspace if its plan has more',
      ],
    ],
    [
      'more than 100, but the cap says so',
      withGroups(
        [60, 41].map((max) => ({ parameters: { ...PARAMETERS, max } })),
        { workspaces: { acme: { maxRunners: 101 } } },
      ),
      [],
    ],
    [
      'more than a lower cap',
      withGroup({}, { workspaces: { acme: { maxRunners: 9 } } }),
      [
        'groups[0].parameters.max: makes 10 runners for all groups of workspace acme together, but the workspace may have 9, so some will be held back; lower a max, or raise maxRunners of the workspace if its plan has more',
      ],
    ],
    [
      'repositories count towards their workspace',
      withGroups([{ repository: 'a' }, { repository: 'b' }], { workspaces: { acme: { maxRunners: 20 } } }),
      [],
    ],
    ['as many repositories as can be listed every minute', withGroups(repositories(11)), []],
    [
      'one more',
      withGroups(repositories(12)),
      [
        'groups[11].repository: makes 12 lists of workspace acme and its repositories, one by one; with 1000 calls an hour that happens about every 1m; use groups of the workspace instead, or raise callsPerHour if Bitbucket allows more',
      ],
    ],
    [
      'one more, but there are more calls',
      withGroups(repositories(12), { workspaces: { acme: { callsPerHour: 1100 } } }),
      [],
    ],
    [
      'more than an hour can pay for',
      withGroups(repositories(45), { workspaces: { acme: { callsPerHour: 60, maxRunners: 1000 } } }),
      [
        'groups[44].repository: makes 45 lists of workspace acme and its repositories, one by one; with 60 calls an hour that happens hardly ever; use groups of the workspace instead, or raise callsPerHour if Bitbucket allows more',
      ],
    ],
    [
      'a workspace alone, with fewer calls than looking every minute takes',
      withGroup({}, { workspaces: { Acme: { callsPerHour: 60 } } }),
      [
        'workspaces.Acme.callsPerHour: is 60, with which workspace acme is looked at about every 1m 24s; raise it if Bitbucket allows more',
      ],
    ],
    ['a workspace alone, with enough', withGroup({}, { workspaces: { acme: { callsPerHour: 100 } } }), []],
    [
      'repositories beside their workspace: the last of them is named',
      withGroups([...repositories(2), { name: 'rest' }], { workspaces: { acme: { callsPerHour: 60 } } }),
      [
        'groups[1].repository: makes 3 lists of workspace acme and its repositories, one by one; with 60 calls an hour that happens about every 4m 25s; use groups of the workspace instead, or raise callsPerHour if Bitbucket allows more',
      ],
    ],
    [
      'an unused workspace',
      withGroup({}, { workspaces: { other: {} } }),
      ['workspaces.other: is not used by any group'],
    ],
    [
      'an unused cluster',
      withGroup({}, { clusters: { default: { eks: { name: 'a' } }, spare: { eks: { name: 'b' } } } }),
      ['clusters.spare: is not used by any group'],
    ],
    ['the only cluster is used without a word', withGroup({}, { clusters: { main: { eks: { name: 'a' } } } }), []],
    [
      'an unused template',
      withGroup({}, { jobTemplates: { large: { inline: 'x' } } }),
      ['jobTemplates.large: is not used by any group'],
    ],
    [
      'a workspace by slug and one by uuid',
      withGroups([{}, { workspace: '3c3c6b5e-9a3e-4f0b-8a53-2f0f3a1f6a01' }]),
      [
        'groups[1].workspace: is named by uuid, while other groups name "acme"; if these are one workspace, name it in one way, or its runners are counted apart',
      ],
    ],
  ])('%s', (_, text, expected) => {
    expect(problemsOf(text)).toEqual([]);
    expect(warningsOf(text)).toEqual(expected);
  });

  it.each(['default_sleep_time_runner_setup', 'default_sleep_time_runner_delete', 'runner_api_polling_interval'])(
    'constant %s is accepted, with a word on what replaces it',
    (key) => {
      const [warning, ...others] = warningsOf(withGroup({}, { constants: { [key]: 5 } }));
      expect(others).toEqual([]);
      expect(warning).toMatch(`constants.${key}: has no effect: `);
    },
  );
});
