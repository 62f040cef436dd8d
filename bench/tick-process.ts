/**
 * One tick in a process of its own, wired as the command is: what the benchmark measures time, calls and memory of.
 * Prints one JSON line. The servers live in the parent, so that their cost is not counted here.
 */
import { randomUUID } from 'node:crypto';
import { readEnvironment } from '#adapters/environment.ts';
import { localConnectors } from '#adapters/local.ts';
import { wire } from '#adapters/wiring.ts';
import type { Calls, Mode } from '#core/model/report.ts';
import { reconcile } from '#core/reconcile.ts';
import { hasFailed } from '#core/report.ts';

/** What a tick came to. */
export type Measured = {
  /** The tick itself: from the first call to the report, configuration already read. */
  readonly tickMs: number;
  readonly calls: Calls;
  readonly done: number;
  readonly failed: boolean;
  readonly maxRssMegabytes: number;
};

const mode = process.argv[2] as Mode;
const wiring = wire(readEnvironment(), localConnectors(console.error));
const { fleet } = await wiring.loadFleet();
const ports = await wiring.openPorts(fleet);
const start = performance.now();
const elapsedMs = () => performance.now() - start;
const report = await reconcile({ fleet, mode, now: Date.now(), tickId: randomUUID(), elapsedMs }, ports);
const measured: Measured = {
  tickMs: elapsedMs(),
  calls: report.tick.calls,
  done: report.groups.flatMap((group) => group.outcomes).filter((outcome) => outcome.status === 'done').length,
  failed: hasFailed(report),
  maxRssMegabytes: process.resourceUsage().maxRSS / 1024,
};
console.log(JSON.stringify(measured));
