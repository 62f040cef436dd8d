/**
 * Decisions of a run of any length in a bounded list: time is cut into slots, and each keeps the decisions that changed
 * most, and counts the others. So a picture of a month has marks everywhere, the largest changes are all among them, and
 * of any slots together it is known how many decisions there were.
 */
import type { Instant } from '#core/model/observation.ts';
import type { GroupReport, Report } from '#core/model/report.ts';
import type { Reason } from '#core/reasons.ts';
import type { Decisions, Mark } from './data.ts';

/** A picture has so many parts, with at most `PER_SLOT` decisions each. */
const PARTS = 160;
const PER_SLOT = 3;

/** The decisions of a stretch of time. */
export type DecisionsThen = {
  /** How many changed a number of runners, kept or not. */
  readonly changes: number;
  /** How many had a limit on them. */
  readonly limited: number;
  /** Of the last one with a limit. */
  readonly limit?: { readonly group: string; readonly text: string };
  /** Those that are kept, by time. */
  readonly kept: readonly Mark[];
};

type Slot = { readonly marks: Mark[]; changes: number; limited: number; limit?: DecisionsThen['limit'] };

/** Collects decisions between two moments, in order of time; what is outside is not taken. */
export class DecisionLog {
  readonly #from: Instant;
  readonly #to: Instant;
  readonly #count: number;
  /** Most are empty. */
  readonly #slots = new Map<number, Slot>();

  /** `slots`: equal parts of the time, at whose boundaries `between` may be asked. */
  constructor(from: Instant, to: Instant, slots: number) {
    this.#from = from;
    this.#to = to;
    this.#count = slots;
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
    const [text] = mark.limits;
    if (mark.action === 'hold' && text === undefined) return;
    const slot = this.#slotOf(Math.floor(this.#place(at)));
    if (mark.action !== 'hold') slot.changes += 1;
    if (text !== undefined) {
      slot.limited += 1;
      slot.limit = { group: mark.group, text };
    }
    slot.marks.push(mark);
    if (slot.marks.length > PER_SLOT) slot.marks.splice(leastOf(slot.marks), 1);
  }

  /** What was decided from the beginning of one slot to that of another. */
  between(from: Instant, to: Instant): DecisionsThen {
    const [first, end] = [Math.round(this.#place(from)), Math.round(this.#place(to))];
    const slots = [...this.#slots].flatMap(([index, slot]) => (index >= first && index < end ? [slot] : []));
    const limit = slots.findLast((slot) => slot.limit !== undefined)?.limit;
    return {
      changes: slots.reduce((sum, { changes }) => sum + changes, 0),
      limited: slots.reduce((sum, { limited }) => sum + limited, 0),
      ...(limit && { limit }),
      kept: slots.flatMap(({ marks }) => marks),
    };
  }

  /** The decisions of the whole time for a picture, by time. */
  close(): Decisions {
    const slots = [...this.#slots.values()];
    const span = this.#to - this.#from;
    const parts = Map.groupBy(
      slots.flatMap(({ marks }) => marks),
      ({ at }) => Math.floor(((at - this.#from) * PARTS) / span),
    );
    return {
      total: slots.reduce((sum, { changes }) => sum + changes, 0),
      shown: [...parts.values()].flatMap((marks) => largestOf(marks, PER_SLOT)),
    };
  }

  #slotOf(index: number): Slot {
    const known = this.#slots.get(index);
    if (known !== undefined) return known;
    const slot: Slot = { marks: [], changes: 0, limited: 0 };
    this.#slots.set(index, slot);
    return slot;
  }

  /** Where a moment is, in slots; multiplied first, so that a slot begins exactly where it does. */
  #place(at: Instant): number {
    return ((at - this.#from) * this.#count) / (this.#to - this.#from);
  }
}

/** So many of the marks that change most, the earlier of equals, in their order. */
export function largestOf(marks: readonly Mark[], most: number): readonly Mark[] {
  const largest = new Set(marks.toSorted((one, other) => weightOf(other) - weightOf(one)).slice(0, most));
  return marks.filter((mark) => largest.has(mark));
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

/**
 * Whether runners are withheld. A cool-down withholds removals, which is how it should be; a window that is open and a
 * queue that nobody could count withhold nothing.
 */
export function withholds({ code, values }: Reason): boolean {
  return code !== 'cool-down' && 'withheld' in values && values.withheld > 0;
}
