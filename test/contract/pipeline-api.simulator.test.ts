import type { Scope } from '#core/model/configuration.ts';
import { failWhere } from '#kit/failing-calls.ts';
import { type Interruption, undisturbed } from '#tools/simulator/interrupt.ts';
import { World } from '#tools/simulator/world.ts';
import { pipelineApiContract } from './pipeline-api.ts';

const HOUR = 3_600_000;

pipelineApiContract('the simulated world', () => {
  const world = new World();
  let next: Interruption = undisturbed;
  const { pipelines } = world.ports((call, proceed) => {
    const present = next;
    next = undisturbed;
    return present(call, proceed);
  });

  function connectRunner(scope: Scope, labels: readonly string[]): void {
    world.bitbucket.connect(world.bitbucket.register(scope, { name: 'runner', labels }).runner.uuid);
  }

  return {
    api: pipelines,
    scopes: {
      first: { workspace: 'acme', repository: 'site' },
      second: { workspace: 'acme', repository: 'api' },
    },
    control: {
      startRunning: (scope, labels) => {
        connectRunner(scope, labels);
        world.submit({ scope, labels, durationMs: HOUR });
      },
      startWaiting: (scope, labels) => {
        // A step waits where a runner for it is busy; this one is, with a step of another repository.
        const elsewhere = { workspace: 'acme' };
        connectRunner(elsewhere, [...labels, 'busy']);
        world.submit({ scope: elsewhere, labels: [...labels, 'busy'], durationMs: HOUR });
        world.submit({ scope, labels, durationMs: HOUR });
      },
      querySecond: 'api',
      failNext: (method) => {
        next = failWhere((call) => call.method === method, 'refused');
      },
    },
    tooMany: 101,
    close: () => undefined,
  };
});
