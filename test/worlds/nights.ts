/**
 * Nights of a group that sleeps with `min: 0`, in field conditions: pipelines wake it, wait, and run steps on it, with gaps
 * in between on Bitbucket's own machines. What must hold of each is judged here.
 */
import { ServiceError } from '#core/errors.ts';
import type { Fleet, RunnerGroup } from '#core/model/configuration.ts';
import type { Instant, ScopeIdentity } from '#core/model/observation.ts';
import type { Ports } from '#core/ports.ts';
import { answerWake, type WakeAnswer } from '#core/wake/answer.ts';
import { tickIn } from '#kit/drive.ts';
import { fleet, group } from '#kit/fleet.ts';
import {
  latenessOf,
  lifeOf,
  normalOutages,
  type Outage,
  pickUpsOf,
  settleConditions,
  startUpsOf,
} from '#tools/laboratory/conditions.ts';
import { SERVICES } from '#tools/simulator/interrupt.ts';
import { createRandom, type Random } from '#tools/simulator/random.ts';
import type { Registered } from '#tools/simulator/registrations.ts';
import type { Step } from '#tools/simulator/step.ts';
import { World } from '#tools/simulator/world.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const NIGHT = 8 * 60 * MINUTE;

const SHOP = { workspace: 'acme', repository: 'shop' };
const WAKE = { from: [SHOP], max: 6, forMs: 10 * MINUTE };
const SLEEPER = group({
  min: 0,
  max: 6,
  strategy: {
    kind: 'queueAware',
    idleCount: 0,
    scaleFactor: 0,
    scaleFactorLimit: 0,
    repositories: { kind: 'named', names: ['shop'] },
  },
  drainGraceMs: 90 * SECOND,
  wake: WAKE,
});

/** How long idle runners stay: beside a fixed buffer, beside one that is learned, by the share of busy ones, and not at all. */
const STAYS = [
  { coolDownMs: 5 * MINUTE, stabilisationWindowMs: 5 * MINUTE },
  { coolDownMs: 2 * MINUTE, stabilisationWindowMs: 2 * MINUTE },
  { coolDownMs: 5 * MINUTE, stabilisationWindowMs: 0 },
  { coolDownMs: 0, stabilisationWindowMs: 0 },
];

/** Each night has one of them in its turn. */
function groupOf(seed: number): RunnerGroup {
  return { ...SLEEPER, ...STAYS[(seed - 1) % STAYS.length] };
}

/** From the request to the look that it begins. */
const LOOK_BEGINS_MS = 700;

/** A runner that hangs at its start is given up after `startTimeout` and another one starts. */
const WAITS_MS = 25 * MINUTE;

/** Cool-down and drain, with what looks a minute apart and marks a minute late add to them. */
function mostIdleMs({ coolDownMs, stabilisationWindowMs, drainGraceMs }: RunnerGroup): number {
  return Math.max(coolDownMs, stabilisationWindowMs) + drainGraceMs + 5 * MINUTE;
}

/** In troubled nights: of all ticks of the schedule so many do not come, and of all lists of pipelines so many fail alone. */
const MISSING_TICKS = 1 / 15;
const FAILING_LISTS = 1 / 10;

/**
 * What a night may be like. `troubled`: services, starts and runners fail as in a normal month, Bitbucket once for long, and now
 * and then a tick does not come, or a list of pipelines fails by itself.
 */
export type NightSetting = { readonly seed: number; readonly troubled: boolean };

/** What became of it. `gaveUp`: pipelines whose first step waited in vain, and was told so. */
export type Night = {
  readonly violations: readonly string[];
  readonly pipelines: number;
  readonly steps: number;
  readonly gaveUp: number;
};

/** Plays a night to its end and judges it. */
export async function playNight({ seed, troubled }: NightSetting): Promise<Night> {
  const night = await openNight(seed, troubled);
  const { world, at, random, canSee } = night;
  const count = random.between(1, 8);
  for (let nth = 0; nth < count; nth += 1) {
    at(random.next() * 6 * 60 * MINUTE, () => runPipeline(night, nth, planOf(random, canSee)));
  }
  const missing = createRandom(Math.imul(seed, 31));
  for (let minute = 0; minute < NIGHT / MINUTE; minute += 1) {
    if (!troubled || missing.next() >= MISSING_TICKS) at(minute * MINUTE, () => night.tick());
  }
  await night.playOut();
  const inVain = troubled ? [] : night.gaveUp.map((message) => `a pipeline waited in vain: ${message}`);
  const violations = [...night.violations, ...inVain, ...lostSteps(world, troubled)];
  return { violations, pipelines: count, steps: world.steps.length, gaveUp: night.gaveUp.length };
}

type OpenNight = Awaited<ReturnType<typeof openNight>>;

async function openNight(seed: number, troubled: boolean) {
  const random = createRandom(seed);
  const sleeper = groupOf(seed);
  const config: Fleet = fleet([sleeper]);
  const conditions = settleConditions('field', { faults: troubled ? 'normal' : 'none' });
  const long = random.next() * NIGHT;
  const outages: readonly Outage[] = [
    ...normalOutages(conditions, NIGHT, seed),
    ...(troubled ? [{ service: 'bitbucket' as const, from: long, to: long + 12 * MINUTE }] : []),
  ];
  const world: World = new World({
    startupMs: startUpsOf(conditions, seed),
    pickUpMs: pickUpsOf(conditions, seed),
    faults: latenessOf(conditions, seed, () => world.now),
    callsPerHour: 1000,
    podsLog: true,
    listeners: { registered: ({ uuid }) => dieInTime(uuid) },
  });
  const dieInTime = (uuid: string) => {
    const lifeMs = lifeOf(conditions, world.bitbucket.everRegistered, seed);
    if (lifeMs !== undefined) world.clock.schedule(world.now + lifeMs, () => world.cluster.crash(uuid, false));
  };
  const start = world.now;
  const canSee = random.next() < 0.5;
  const open = new Set<string>();
  const failing = createRandom(Math.imul(seed, 17));
  const ports = (): Ports => {
    const all = world.ports(async ({ port }, proceed) => {
      const since = world.now - start;
      const isOut = outages.some(({ service, from, to }) => service === SERVICES[port] && from <= since && since < to);
      if (isOut) throw new ServiceError(`${port} is out`, { service: 'bitbucket', outcome: 'refused', status: 503 });
      return proceed();
    });
    const openPipelines: Ports['pipelines']['openPipelines'] = async (scope) => {
      if (!canSee) throw new ServiceError('no right to read pipelines', { service: 'bitbucket', outcome: 'refused' });
      if (troubled && failing.next() < FAILING_LISTS) {
        throw new ServiceError('no list', { service: 'bitbucket', outcome: 'refused', status: 503 });
      }
      const own = [...open].map((uuid) => ({ uuid, section: 'default' as const }));
      const { pipelines, isWhole } = await all.pipelines.openPipelines(scope);
      return { pipelines: [...own, ...pipelines], isWhole };
    };
    return { ...all, pipelines: { ...all.pipelines, openPipelines } };
  };
  const agenda: { readonly at: Instant; readonly what: () => Promise<unknown> }[] = [];
  const violations: string[] = [];
  // While Bitbucket is out nobody can be let go.
  const watch = troubled ? () => undefined : watchIdle(world, mostIdleMs(sleeper), violations);
  const who = await world.ports().runners.identify(SHOP);
  const lately = { ended: start };
  return {
    world,
    config,
    random,
    who,
    open,
    violations,
    canSee,
    /** When a pipeline, or a floor whose pipeline nobody can see, ended last. */
    lately,
    gaveUp: [] as string[],
    at: (afterMs: number, what: () => Promise<unknown>) => void agenda.push({ at: start + Math.round(afterMs), what }),
    in: (ms: number, what: () => Promise<unknown>) => void agenda.push({ at: world.now + Math.round(ms), what }),
    tick: async () => {
      const isOver = open.size === 0 && lately.ended < world.now && world.now > start;
      // Nothing is there and nobody wants anything: what a tick would do is known.
      if (isOver && [...world.bitbucket.registered].length === 0) return;
      await tickIn(world, config, ports());
      watch(open.size > 0 ? world.now : lately.ended);
    },
    playOut: async () => {
      for (;;) {
        agenda.sort((a, b) => a.at - b.at);
        const next = agenda.shift();
        if (next === undefined) return;
        world.advance(next.at - world.now);
        await next.what();
      }
    },
  };
}

/** A block of steps that become ready together, after a while on Bitbucket's own machines. */
type Block = { readonly steps: readonly number[]; readonly gapMs: number };

/** Where nobody sees whether a pipeline runs, its gaps have to fit into what was asked for. */
function planOf(random: Random, canSee: boolean): readonly Block[] {
  const longest = canSee ? 25 * MINUTE : 0;
  return Array.from({ length: random.between(1, 3) }, (_, index) => ({
    steps: Array.from({ length: random.between(1, 3) }, () => random.between(1, 12) * MINUTE),
    gapMs: index === 0 ? random.next() * 20 * SECOND : random.next() * longest,
  }));
}

async function runPipeline(night: OpenNight, nth: number, blocks: readonly Block[]): Promise<void> {
  const pipeline = `{p${nth}}`;
  night.open.add(pipeline);
  const runners = Math.max(...blocks.map(({ steps }) => steps.length));
  const asker = { ...askerIn(night.who), step: `{s${nth}}`, pipeline, expiresAt: night.world.now + 60 * MINUTE };
  const begun = night.world.now;
  const ask = async (): Promise<void> => {
    const answer = await answerAt(night, asker, runners);
    if (answer.status === 200) return runBlock(night, pipeline, blocks);
    if (answer.message === '') night.violations.push('an answer says nothing');
    if (night.world.now - begun < WAITS_MS) return night.in((answer.retryAfterS ?? 10) * SECOND, ask);
    night.gaveUp.push(answer.message);
    end(night, pipeline);
  };
  await ask();
}

function askerIn({ workspaceUuid, repositoryUuid = '' }: ScopeIdentity) {
  return { workspaceUuid, repositoryUuid };
}

function answerAt(
  night: OpenNight,
  asker: Parameters<typeof answerWake>[0]['asker'],
  runners: number,
): Promise<WakeAnswer> {
  const { world, config } = night;
  return answerWake({
    fleet: config,
    asker,
    order: { group: SLEEPER.name, runners },
    now: world.now,
    state: world.state,
    look: async () => night.in(LOOK_BEGINS_MS, night.tick),
  });
}

async function runBlock(night: OpenNight, pipeline: string, [block, ...rest]: readonly Block[]): Promise<void> {
  if (block === undefined) return end(night, pipeline);
  const { world } = night;
  night.in(block.gapMs, async () => {
    const before = world.steps.length;
    for (const durationMs of block.steps) world.submit({ scope: SHOP, labels: SLEEPER.labels, durationMs });
    const own = world.steps.slice(before);
    const look = async (): Promise<void> => {
      if (own.some(({ state }) => state === 'failed')) return end(night, pipeline);
      if (own.some(({ state }) => state !== 'finished')) return night.in(5 * SECOND, look);
      return runBlock(night, pipeline, rest);
    };
    await look();
  });
}

function end({ world, open, lately, canSee }: OpenNight, pipeline: string): void {
  open.delete(pipeline);
  lately.ended = Math.max(lately.ended, world.now + (canSee ? 0 : WAKE.forMs));
}

/** No runner that is online and without a step is there for longer than it takes to let it go. */
function watchIdle(world: World, mostMs: number, violations: string[]) {
  const since = new Map<string, Instant>();
  return (wantedUntil: Instant) => {
    for (const entry of world.bitbucket.registered) {
      const { uuid } = entry;
      if (!isIdle(entry)) since.delete(uuid);
      else if (!since.has(uuid)) since.set(uuid, world.now);
      const idleMs = world.now - Math.max(since.get(uuid) ?? world.now, wantedUntil);
      if (idleMs > mostMs) violations.push(`${uuid} was idle for ${Math.round(idleMs / MINUTE)} minutes`);
    }
  };
}

function isIdle({ status, step, next }: Readonly<Registered>): boolean {
  return status === 'ONLINE' && step === undefined && next === undefined;
}

/** Steps of pipelines that were told that their runners are online. A runner may die by itself in a troubled night. */
function lostSteps({ steps }: World, troubled: boolean): readonly string[] {
  const isLost = ({ state, failure }: Step) => state !== 'finished' && !(troubled && failure === 'crashed');
  return steps
    .filter(isLost)
    .map(({ id, state, failure, readyAt }) => `step ${id}, ready at ${readyAt}, ${state}: ${failure ?? 'to no end'}`);
}
