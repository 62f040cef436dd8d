import { describe, expect, it } from 'vitest';
import { apply } from '#core/apply.ts';
import { ServiceError } from '#core/errors.ts';
import type { Action, Plan } from '#core/model/decision.ts';
import { group } from '#kit/fleet.ts';
import { recordingPorts, registration, type Script } from '../reconcile/ports.ts';
import { ADD, carryOut, carryOutOne, groupPlan, planOf } from './carry-out.ts';

const REGISTER = 'register builds in acme';
const JOB = 'createJob runner-new-1 in runners';
const SECRET = 'createSecret runner-oauth-credentials-new-1 of runner-new-1';
const UNDO = ['deleteJob runner-new-1 in runners', 'remove {new-1}'];

const refused = async () => {
  throw new ServiceError('The service said no.', { service: 'kubernetes', outcome: 'refused', status: 403 });
};

const unknown = async () => {
  throw new ServiceError('The service did not answer.', { service: 'kubernetes', outcome: 'unknown' });
};

describe('adding a runner', () => {
  it('registers, creates the Job, and then the Secret that the Job owns', async () => {
    const { outcome, trace } = await carryOutOne(ADD);
    expect(trace).toEqual([REGISTER, JOB, SECRET]);
    expect(outcome).toEqual({ action: 'add', runner: '{new-1}', status: 'done' });
  });

  it("registers under the group's name with the group's labels, and gives the Secret the Job's uid", async () => {
    const seen: unknown[] = [];
    await carryOutOne(ADD, {
      runners: {
        register: async (scope, request) => {
          seen.push(scope, request);
          return registration('{new-1}');
        },
      },
      jobs: {
        createJob: async () => ({ name: 'runner-new-1', uid: 'uid-7' }),
        createSecret: async (_namespace, manifest, owner) => {
          seen.push(manifest.kind, owner);
        },
      },
    });
    expect(seen).toEqual([
      { workspace: 'acme' },
      { name: 'builds', labels: ['autoscaler.created', 'builds', 'linux', 'self.hosted'] },
      'Secret',
      { name: 'runner-new-1', uid: 'uid-7' },
    ]);
  });

  const ASKED = group().labels;

  it.each([
    { name: 'none where they are those that were asked for', labels: ASKED, notes: [] },
    {
      name: 'one, however many runners there are',
      labels: ASKED.slice(1),
      notes: [
        'Bitbucket registers runners of group "builds" with labels builds, linux, self.hosted instead of autoscaler.created, builds, linux, self.hosted: counted as the group\'s all the same; if its steps do not find them, give the group labels that Bitbucket keeps.',
      ],
    },
    { name: 'none where the answer does not name them', labels: [], notes: [] },
  ])('compares the labels of the answer with what was asked for, and tells others: $name', async (row) => {
    const { applied } = await carryOut(planOf(groupPlan([ADD, ADD])), {
      runners: { register: async () => registration('{new-1}', { labels: row.labels }) },
    });
    expect(applied.notes).toEqual(row.notes);
    expect(applied.outcomes.get('builds')?.map(({ status }) => status)).toEqual(['done', 'done']);
  });

  type Row = {
    readonly name: string;
    readonly script: Script;
    readonly trace: readonly string[];
    /** Absent: there is no registration to name. */
    readonly runner?: string;
    readonly error: string;
  };

  it.each<Row>([
    {
      name: 'register refused: nothing to undo',
      script: { runners: { register: refused } },
      trace: [REGISTER],
      error: 'The service said no.',
    },
    {
      name: 'register unanswered: not repeated; a registration that came of it is found by a later tick',
      script: { runners: { register: unknown } },
      trace: [REGISTER],
      error: 'The service did not answer.',
    },
    {
      name: 'Job refused: the registration is taken back',
      script: { jobs: { createJob: refused } },
      trace: [REGISTER, JOB, ...UNDO],
      runner: '{new-1}',
      error: 'The service said no.',
    },
    {
      name: 'Job unanswered: both are taken back; its pod cannot have run without the Secret',
      script: { jobs: { createJob: unknown } },
      trace: [REGISTER, JOB, ...UNDO],
      runner: '{new-1}',
      error: 'The service did not answer.',
    },
    {
      name: 'Secret refused: both are taken back',
      script: { jobs: { createSecret: refused } },
      trace: [REGISTER, JOB, SECRET, ...UNDO],
      runner: '{new-1}',
      error: 'The service said no.',
    },
    {
      name: 'Secret unanswered: left alone, since its pod may be at work',
      script: { jobs: { createSecret: unknown } },
      trace: [REGISTER, JOB, SECRET],
      runner: '{new-1}',
      error: 'The service did not answer. The runner is left to start or to time out.',
    },
    {
      name: 'Secret fails for a reason that is no answer of a service: both are taken back',
      script: { jobs: { createSecret: () => Promise.reject(new Error('No route.')) } },
      trace: [REGISTER, JOB, SECRET, ...UNDO],
      runner: '{new-1}',
      error: 'No route.',
    },
    {
      name: 'taking back fails on one side: the other is done all the same, and the sentence says what is left',
      script: { jobs: { createSecret: refused }, runners: { remove: unknown } },
      trace: [REGISTER, JOB, SECRET, ...UNDO],
      runner: '{new-1}',
      error: 'The service said no. Undoing it failed too, a later tick will: The service did not answer.',
    },
    {
      name: 'taking back fails on both sides',
      script: { jobs: { createJob: refused, deleteJob: refused }, runners: { remove: unknown } },
      trace: [REGISTER, JOB, ...UNDO],
      runner: '{new-1}',
      error:
        'The service said no. Undoing it failed too, a later tick will: The service said no. The service did not answer.',
    },
  ])('$name', async ({ script, trace: calls, runner: uuid, error }) => {
    const { outcome, trace } = await carryOutOne(ADD, script);
    expect(trace).toEqual(calls);
    expect(outcome).toEqual({
      action: 'add',
      status: 'failed',
      error,
      ...(uuid === undefined ? {} : { runner: uuid }),
    });
  });

  it('a template that makes no Job fails before anything is registered that would have to be taken back', async () => {
    const plan = groupPlan([ADD]);
    const template = { name: 'broken', origin: 'broken.yaml', text: 'kind: Pod' };
    const broken = { ...plan, group: { ...plan.group, pod: { ...plan.group.pod, template } } };
    const { applied, trace } = await carryOut(planOf(broken));
    expect(trace).toEqual([]);
    expect(applied.outcomes.get('builds')).toEqual([
      { action: 'add', status: 'failed', error: expect.stringContaining('broken.yaml') },
    ]);
  });

  it.each<{ name: string; plan: Partial<Plan>; action: Action; more: object }>([
    { name: 'nothing more where there is nothing to say', plan: {}, action: ADD, more: {} },
    {
      name: 'the name of the deployment',
      plan: { deployment: { id: 'tick-0', isNew: false } },
      action: ADD,
      more: { deployment: 'tick-0' },
    },
    { name: 'that nodes are full', plan: {}, action: { ...ADD, isFull: true } as Action, more: { isFull: true } },
  ])('a manifest is made of the group, the registration and $name', async ({ plan, action, more }) => {
    const { ports } = recordingPorts();
    const inputs: object[] = [];
    const render: typeof ports.manifests.render = (input) => {
      inputs.push(input);
      return ports.manifests.render(input);
    };
    await apply({ ...planOf(groupPlan([action])), ...plan }, { ...ports, manifests: { ...ports.manifests, render } });
    const made = { group: group(), runner: expect.anything(), identity: { workspaceUuid: '{acme}' } };
    expect(inputs).toStrictEqual([{ ...made, credentials: expect.anything(), ...more }]);
  });

  it('no outcome carries the secret of the runner', async () => {
    const outcomes = await Promise.all(
      [{}, { createJob: refused }, { createSecret: refused }, { createSecret: unknown }].map((jobs) =>
        carryOutOne(ADD, { jobs }),
      ),
    );
    expect(JSON.stringify(outcomes)).not.toContain('secret-of');
  });
});
