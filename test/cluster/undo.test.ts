/** A cluster that takes only a part of what a tick wants: what was refused is undone in the same tick, on both sides. */
import { beforeEach, describe, expect, it } from 'vitest';
import { jobName, secretName } from '#manifests/naming.ts';
import { eventually, useCluster } from './cluster.ts';
import { manifestsOf } from './launch.ts';
import { forbidPrivilegedJobs, limitObjects } from './policies.ts';
import { autoscalerRules } from './runner-namespace.ts';
import { openStage, type Stage } from './stage.ts';

const RUNNERS = 3;
let stage: Stage;
beforeEach(async () => {
  stage = await openStage(useCluster(), { min: RUNNERS });
});

type Row = {
  readonly name: string;
  readonly refuse: (stage: Stage) => Promise<void>;
  readonly error: RegExp;
  /** Runners that are launched all the same. */
  readonly launched: number;
};

const ROWS: readonly Row[] = [
  {
    name: 'a quota that leaves room for one Job',
    refuse: ({ cluster, place }) => limitObjects(cluster, place, { 'count/jobs.batch': '1' }),
    error: /cannot create jobs .* exceeded quota: small/,
    launched: 1,
  },
  {
    name: 'a quota that leaves room for one Secret',
    refuse: ({ cluster, place }) => limitObjects(cluster, place, { 'count/secrets': '1' }),
    error: /cannot create secrets .* exceeded quota: small/,
    launched: 1,
  },
  {
    name: 'an admission policy',
    refuse: async ({ cluster, place }) => {
      await forbidPrivilegedJobs(cluster, place);
      const api = cluster.jobApiOf('autoscaler');
      let number = 0;
      await eventually(async () => {
        number += 1;
        const { job } = manifestsOf(place, number);
        await api.createJob(place, job).then(
          async () => {
            await api.deleteJob(place, job.metadata.name);
            throw new Error('the policy is not yet in force');
          },
          () => undefined,
        );
      });
    },
    error: /cannot create jobs .* denied request: no privileged containers here/,
    launched: 0,
  },
  {
    name: 'the right to create Secrets, forgotten',
    refuse: ({ cluster, place }) => {
      const rules = autoscalerRules().filter(({ resources }) => !resources.includes('secrets'));
      return cluster.setRules(place, rules, { verb: 'create', resource: 'secrets', allowed: false });
    },
    error: /cannot create secrets .*: not allowed \(403\): create secrets in namespace "[\w-]+" is missing/,
    launched: 0,
  },
];

describe('what was begun and refused', () => {
  it.each(ROWS)('by $name', async ({ refuse, error, launched }) => {
    await refuse(stage);
    const { groups } = await stage.tick();
    const outcomes = groups[0]?.outcomes ?? [];
    const failed = outcomes.filter(({ status }) => status === 'failed');
    expect(outcomes.filter(({ status }) => status === 'done')).toHaveLength(launched);
    expect(failed).toHaveLength(RUNNERS - launched);
    for (const outcome of failed) expect(outcome.error).toMatch(error);

    const uuids = stage.registrations().map(({ uuid }) => uuid);
    expect(uuids).toHaveLength(launched);
    await eventually(async () => {
      expect(await stage.cluster.names(stage.place, 'jobs')).toEqual(uuids.map(jobName));
      expect(await stage.cluster.names(stage.place, 'secrets')).toEqual(uuids.map(secretName));
    });
  });
});
