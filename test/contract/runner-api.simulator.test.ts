import type { RunnerApi } from '#core/ports.ts';
import { failWhere } from '#kit/failing-calls.ts';
import { type Interruption, undisturbed } from '#tools/simulator/interrupt.ts';
import { World } from '#tools/simulator/world.ts';
import { runnerApiContract } from './runner-api.ts';

const HOUR = 3_600_000;

runnerApiContract('the simulated world', () => {
  const world = new World();
  let next: Interruption = undisturbed;
  const { runners } = world.ports((call, proceed) => {
    const present = next;
    next = undisturbed;
    return present(call, proceed);
  });
  const failNext = (method: keyof RunnerApi): void => {
    next = failWhere((call) => call.method === method, 'refused');
  };
  return {
    api: runners,
    scopes: { workspace: { workspace: 'acme' }, repository: { workspace: 'acme', repository: 'site' } },
    control: {
      connect: (_scope, uuid) => {
        world.bitbucket.connect(uuid);
      },
      startStep: (scope, uuid) => {
        const labels = world.bitbucket.get(scope, uuid)?.labels ?? [];
        world.submit({ scope, labels, durationMs: HOUR });
      },
      endStep: () => world.advance(HOUR),
      addForeign: (scope, count) => {
        for (let n = 0; n < count; n += 1) world.bitbucket.register(scope, { name: 'by hand', labels: ['linux'] });
      },
      failNext,
    },
    severalPages: 3,
    close: () => undefined,
  };
});
