/** `run`: a tick every so often, for a laptop or a pod. Each tick reads the configuration anew. */

import { type Command, InvalidArgumentError } from 'commander';
import type { Environment } from '#adapters/environment.ts';
import { localConnectors } from '#adapters/local.ts';
import { fetchKeys } from '#adapters/oidc/fetch-keys.ts';
import { createKeyring } from '#adapters/oidc/keys.ts';
import { openDoor } from '#adapters/wake/door.ts';
import { readWebhookSecret } from '#adapters/wake/webhook-secret.ts';
import { type Wiring, wire } from '#adapters/wiring.ts';
import { InputError } from '#core/errors.ts';
import type { Instant } from '#core/model/observation.ts';
import { counted } from '#text/layout.ts';
import { renderTick } from '#text/report.ts';
import { parseDuration } from '#yaml/quantity.ts';
import { type ExitCode, tellFailure } from './failure.ts';
import { type Listening, type ListenPlace, listen, parsePlace } from './listen.ts';
import { createNudge } from './nudge.ts';
import { type CommonOptions, environmentFor, withCommonOptions } from './options.ts';
import { repeat } from './repeat.ts';
import { stopOnSignal } from './stop.ts';
import type { Terminal } from './terminal.ts';
import { runTick } from './tick.ts';

const HELP = `
Runs ticks until it is interrupted; it then finishes the running tick and ends with 0. A second signal ends it at once,
which is safe too: the next tick repairs what was left half done. A tick that fails is shown and the next one tries again.
With --json every tick is one line of JSON (NDJSON).

With --listen it also takes the requests of pipelines that wake groups, and events of Bitbucket, and ticks at once for them
(docs/from-zero.md). It speaks HTTP: whatever faces the world, with a certificate, stands before it.

Examples:
  $ runner-autoscaler run --config runners_config.yaml --every 10s
  $ runner-autoscaler run --config runners_config.yaml --state sqlite:runner-state.sqlite --every 1m --json >> ticks.ndjson
  $ runner-autoscaler run --config runners_config.yaml --state sqlite:runner-state.sqlite --listen 127.0.0.1:8080

Exit code: 0 ended by a signal, 2 wrong use or a configuration that is invalid from the start.`;

const MIN_EVERY_MS = 1_000;

type RunOptions = CommonOptions & { readonly every: number; readonly listen?: ListenPlace };

/** Adds the command to the program. */
export function addRun(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  withCommonOptions(program.command('run'))
    .option('--every <duration>', 'from the start of one tick to that of the next, such as 10s or 1m', parseEvery)
    .option('--listen <host:port>', 'take requests of pipelines and events of Bitbucket there', parseListen)
    .description('tick again and again')
    .addHelpText('after', HELP)
    .action(async (options: Partial<RunOptions>) => {
      await run({ every: 10_000, ...options }, terminal);
      finish(0);
    });
}

function parseEvery(text: string): number {
  const ms = parseDuration(/^\d+$/.test(text) ? Number(text) : text);
  if (ms >= MIN_EVERY_MS) return ms;
  throw new InvalidArgumentError('Give a duration of at least one second, such as 10s or 1m.');
}

function parseListen(text: string): ListenPlace {
  const place = parsePlace(text);
  if (place !== undefined) return place;
  throw new InvalidArgumentError('Give an address and a port, such as 127.0.0.1:8080 or [::]:8080.');
}

async function run({ every, listen: place, ...options }: RunOptions, terminal: Terminal): Promise<void> {
  const environment = environmentFor(options, terminal.io.env);
  const wiring = wire(environment, localConnectors(terminal.tell));
  if (place !== undefined && environment.stateStore === 'memory') tellForgetful(options, terminal);
  const told = new Set<string>();
  // A warning about the configuration is worth saying once, not every ten seconds.
  const tell = (line: string) => {
    if (!told.has(line)) terminal.tell(line);
    told.add(line);
  };
  let ticks = 0;
  const round = async () => {
    try {
      await showTick(wiring, options, { ...terminal, tell });
    } catch (error) {
      // Wrong from the start is a wrong use; a file that is broken while we run is waited for.
      if (ticks === 0 && error instanceof InputError) throw error;
      tellFailure(error, options.json === true, terminal);
    }
    ticks += 1;
  };
  const { signal, release } = stopOnSignal(terminal.io, () =>
    terminal.tell('stopping as soon as the running tick is done; once more stops at once'),
  );
  const { clock } = terminal.io;
  const { sleep, nudge } = createNudge(clock);
  let listening: Listening | undefined;
  try {
    const door = openRunDoor(environment, wiring, { now: clock.now, look: async () => nudge(signal) });
    listening = place && (await listen(place, tellingOf(door, { ...terminal, tell })));
    if (listening !== undefined) terminal.tell(`listening on ${listening.url}`);
    await repeat(round, { everyMs: every, signal, now: clock.elapsed, sleep });
  } finally {
    release();
    await listening?.close();
  }
  terminal.tell(`stopped after ${counted(ticks, 'tick')}`);
}

/** What pipelines ask for is kept in the state. Throws `InputError` where nobody would ever see some of it. */
function tellForgetful({ group: groups }: Pick<CommonOptions, 'group'>, { tell }: Terminal): void {
  const instead = 'give --state sqlite:PATH or dynamodb:TABLE';
  if (groups !== undefined) {
    throw new InputError(
      `With --group, requests for other groups are for the processes that tick them, which do not see the state "memory"; ${instead}.`,
    );
  }
  tell(
    `warning: what pipelines ask for is in the state "memory", so it is forgotten when this process ends; ${instead}`,
  );
}

type Door = ReturnType<typeof openDoor>;

/** Whoever asks for a look wakes the loop, which looks at everything. */
function openRunDoor(
  environment: Environment,
  { loadFleet, openState }: Wiring,
  { now, look }: { readonly now: () => Instant; readonly look: () => Promise<void> },
): Door {
  return openDoor({
    loadFleet: async () => (await loadFleet()).fleet,
    openState,
    keysOf: createKeyring(fetchKeys, now),
    bitbucketUrl: environment.bitbucketBaseUrl,
    webhookSecret: () => readWebhookSecret(environment),
    look: () => look,
    now,
  });
}

/** What strangers cause is told once, however often they come. */
function tellingOf(door: Door, { tell }: Terminal): Door {
  return async (request) => {
    const answer = await door(request);
    const { status, told, cause } = answer;
    tell(`request: ${status} ${cause ?? told.message}`);
    return answer;
  };
}

async function showTick(wiring: Wiring, { group: groups, json }: CommonOptions, terminal: Terminal): Promise<void> {
  const report = await runTick(wiring, { mode: 'apply', groups }, terminal);
  const lines = json ? [JSON.stringify(report)] : renderTick(report, terminal.layout);
  for (const line of lines) terminal.print(line);
}
