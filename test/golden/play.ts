/**
 * Plays a scenario: whole ticks of the shipped line in a simulated world. Gives a line of JSON for every tick, with its
 * report, what it did to each runner, what it read and what it left in memory.
 *
 * Two groups that act at the same time may do so in any order. So uuids are named after their group, reads are sorted,
 * and what is done is listed by runner, in the order in which it was done to that runner.
 */
import { loadFleet } from '#config/load.ts';
import { ServiceError, sentenceOf } from '#core/errors.ts';
import type { Fleet } from '#core/model/configuration.ts';
import type { Report, TickRecord } from '#core/model/report.ts';
import type { MemoryChange, Namespace } from '#core/ports.ts';
import { reconcile, type TickRequest } from '#core/reconcile.ts';
import { type PortCall, SERVICES } from '#tools/simulator/interrupt.ts';
import { World, type WorldOptions } from '#tools/simulator/world.ts';

/** A step that becomes ready at a minute of the scenario. */
export type StepAt = {
  readonly minute: number;
  readonly workspace?: string;
  readonly repository: string;
  readonly labels: readonly string[];
  readonly minutes: number;
};

/** What goes wrong with a call: an error, before the call has its effect or after it. */
export type Disturbance = { readonly message: string; readonly status?: number; readonly happens?: boolean };

/** A world, what happens in it, and how it is ticked. */
export type Scenario = {
  readonly name: string;
  /** The configuration, as its file would say it. Changes with the minutes where it is a function. */
  readonly config: object | ((minute: number) => object);
  readonly world?: (minute: () => number) => WorldOptions;
  readonly ticks: number;
  readonly everySeconds?: number;
  readonly steps?: readonly StepAt[];
  /** Called before the tick of that minute. */
  readonly meddle?: (world: World, minute: number) => void;
  readonly disturb?: (call: PortCall, minute: number) => Disturbance | undefined;
  readonly request?: (minute: number) => Partial<TickRequest>;
};

/** Everything that a scenario leaves behind. */
export type Played = { readonly lines: readonly string[]; readonly records: readonly TickRecord[] };

/** Plays a scenario to its end. */
export async function play(scenario: Scenario): Promise<Played> {
  const clock = { minute: 0 };
  const options = scenario.world?.(() => clock.minute) ?? {};
  const start = options.start ?? Date.parse('2026-11-09T08:00Z');
  const world = new World({ ...options, start });
  for (const { minute, workspace = 'acme', repository, labels, minutes } of scenario.steps ?? []) {
    const scope = { workspace, repository };
    world.submit(
      { scope, labels: [...labels, 'linux', 'self.hosted'], durationMs: minutes * 60_000 },
      start + minute * 60_000,
    );
  }
  const names = new Names();
  const lines: string[] = [];
  let readBefore = '';
  for (let tick = 0; tick < scenario.ticks; tick += 1) {
    const minute = Math.floor((world.now - start) / 60_000);
    clock.minute = minute;
    scenario.meddle?.(world, minute);
    const fleet = await fleetOf(scenario, minute);
    const { reads, ...played } = await playTick(scenario, world, fleet, minute, names);
    const read = names.rename(JSON.stringify(reads));
    // Most ticks read what the one before read.
    lines.push(names.rename(JSON.stringify({ ...played, reads: read === readBefore ? 'as before' : reads })));
    readBefore = read;
    world.advance((scenario.everySeconds ?? 60) * 1000);
  }
  const records = await world.state.listTicks({ from: start, to: world.now });
  return { lines, records: JSON.parse(names.rename(JSON.stringify(records))) as readonly TickRecord[] };
}

async function fleetOf({ config, name }: Scenario, minute: number): Promise<Fleet> {
  const text = JSON.stringify(typeof config === 'function' ? config(minute) : config);
  return (await loadFleet(name, { readText: async () => text })).fleet;
}

async function playTick(scenario: Scenario, world: World, fleet: Fleet, minute: number, names: Names) {
  const book = new Book();
  const ports = world.ports(async (call, proceed) => {
    book.note(call);
    const disturbance = scenario.disturb?.(call, minute);
    const answer = disturbance === undefined || disturbance.happens ? await proceed() : undefined;
    if (call.method === 'register' && answer !== undefined) names.learn(call, answer);
    if (disturbance !== undefined) throw errorOf(disturbance, call);
    return answer;
  });
  const request: TickRequest = {
    fleet,
    mode: 'apply',
    now: world.now,
    tickId: world.nextTickId(),
    elapsedMs: () => 0,
    ...scenario.request?.(minute),
  };
  const outcome: { report: Report } | { threw: string } = await reconcile(request, ports).then(
    (report) => ({ report }),
    (error) => ({ threw: sentenceOf(error) }),
  );
  return { minute, ...outcome, ...book.contents };
}

function errorOf({ message, status, happens }: Disturbance, { port }: PortCall): ServiceError {
  const outcome = happens ? 'unknown' : 'refused';
  return new ServiceError(message, { service: SERVICES[port], outcome, ...(status && { status }) });
}

/** The names that runners get instead of their uuids: their group's, and the how manyeth of it they are. */
class Names {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  learn({ arguments: [, asked] }: PortCall, answer: unknown): void {
    const { name } = asked as { readonly name: string };
    const { runner } = answer as { readonly runner: { readonly uuid: string } };
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    this.#names.set(runner.uuid.slice(1, -1), `${name}-${String(count).padStart(4, '0')}`);
  }

  rename(text: string): string {
    return text.replaceAll(/00000000-0000-4000-8000-\d{12}/g, (uuid) => this.#names.get(uuid) ?? uuid);
  }
}

type Scoped = { readonly workspace: string; readonly repository?: string };

/** What a tick did through its ports. */
class Book {
  readonly #reads: string[] = [];
  readonly #done = new Map<string, string[]>();
  readonly #saved: MemoryChange[] = [];

  note({ port, method, arguments: [first, second, third] }: PortCall): void {
    if (port === 'state') this.#noteState(method, first);
    else if (port === 'jobs' && method !== 'list') this.#noteJob(method, first, second, third);
    else if (port === 'runners' && method === 'register') {
      const { name, labels } = second as { readonly name: string; readonly labels: readonly string[] };
      this.#noteDone(name, `register ${scopeText(first)} ${labels.join(',')}`);
    } else if (port === 'runners' && method !== 'list' && method !== 'identify') {
      this.#noteDone(String(second), `${method} ${scopeText(first)}`);
    } else
      this.#reads.push(
        [port, method, placeText(first), ...(second === undefined ? [] : [JSON.stringify(second)])].join(' '),
      );
  }

  get contents() {
    return {
      reads: this.#reads.toSorted(),
      done: Object.fromEntries([...this.#done].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      saved: this.#saved.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)),
    };
  }

  #noteState(method: string, first: unknown): void {
    if (method === 'save') this.#saved.push(...(first as readonly MemoryChange[]));
    else if (method === 'load') this.#reads.push(...(first as readonly string[]).map((key) => `state load ${key}`));
    else if (method === 'appendTick') this.#noteDone('tick', 'appendTick');
    else this.#noteDone('lease', `${method} ${(first as { readonly name: string }).name}`);
  }

  /** Jobs, Secrets and pods are named after their runner. */
  #noteJob(method: string, first: unknown, second: unknown, third: unknown): void {
    const name =
      typeof second === 'string' ? second : (second as { readonly metadata: { readonly name: string } }).metadata.name;
    const uuid = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/.exec(name)?.[0] ?? name;
    const how = typeof third === 'boolean' ? ` ${third}` : '';
    this.#noteDone(`{${uuid}}`, `${method} ${namespaceText(first)} ${name}${how}`);
  }

  #noteDone(key: string, what: string): void {
    this.#done.set(key, [...(this.#done.get(key) ?? []), what]);
  }
}

function orderOf({ key, expectedVersion }: MemoryChange): string {
  return `${key} ${String(expectedVersion).padStart(9, '0')}`;
}

/** A call as `runners.list acme/site`: what it is, and the scope, namespace or key that it is about. */
export function callText({ port, method, arguments: [first] }: PortCall): string {
  return `${port}.${method} ${port === 'state' ? '' : placeText(first)}`;
}

function placeText(place: unknown): string {
  if (typeof place === 'string') return place;
  return 'namespace' in (place as object) ? namespaceText(place) : scopeText(place);
}

function scopeText(scope: unknown): string {
  const { workspace, repository } = scope as Scoped;
  return repository === undefined ? workspace : `${workspace}/${repository}`;
}

function namespaceText(place: unknown): string {
  const { cluster, namespace } = place as Namespace;
  return `${cluster}/${namespace}`;
}
