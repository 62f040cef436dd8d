/**
 * Decisions of a run of any length in a bounded list: time is cut into slots, and each keeps the decisions that changed
 * most. So a picture of a month has marks everywhere, and the largest changes are all among them.
 */
import type { GroupReport, Instant, Report } from '../model.ts';
import type { Decisions, Mark } from './data.ts';
import { withholds } from './limits.ts';

const SLOTS = 160;
const PER_SLOT = 3;

/** Collects decisions between two moments; what is outside is not taken. */
export class DecisionLog {
  readonly #from: Instant;
  readonly #to: Instant;
  readonly #slots: Mark[][] = Array.from({ length: SLOTS }, () => []);
  #total = 0;

  constructor(from: Instant, to: Instant) {
    this.#from = from;
    this.#to = to;
  }

  /** Takes what a tick decided for every group. */
  add(report: Report): void {
    const at = Date.parse(report.tick.at);
    for (const group of report.groups) this.addGroup(at, group);
  }

  /** Takes what was decided for one group. */
  addGroup(at: Instant, group: GroupReport): void {
    if (at < this.#from || at >= this.#to) return;
    const mark = markOf(at, group);
    if (mark.action !== 'hold') this.#total += 1;
    else if (mark.limits.length === 0) return;
    const slot = this.#slots[Math.floor(((at - this.#from) / (this.#to - this.#from)) * SLOTS)];
    if (slot === undefined) return;
    slot.push(mark);
    if (slot.length > PER_SLOT) slot.splice(leastOf(slot), 1);
  }

  /** What was collected, by time. */
  close(): Decisions {
    return { total: this.#total, shown: this.#slots.flat().sort((a, b) => a.at - b.at) };
  }
}

/** A decision and the limits on it. */
function markOf(at: Instant, { name, decision, bounds }: GroupReport): Mark {
  const { action, from, to, reason } = decision;
  const limits = bounds.filter(withholds).map(({ text }) => text);
  return { at, group: name, action, from, to, sentence: reason.text, limits };
}

/** The place of the mark that changes least, the later of equals. */
function leastOf(marks: readonly Mark[]): number {
  let least = 0;
  for (const [index, mark] of marks.entries()) {
    if (weightOf(mark) <= weightOf(marks[least] ?? mark)) least = index;
  }
  return least;
}

/** Any change is more than any hold. */
function weightOf({ from, to, limits }: Mark): number {
  return Math.abs(to - from) * 1000 + limits.length;
}
