/** What ticks said of limits and problems, each kind once with how often. Pure. */
import type { Instant } from '#core/model/observation.ts';
import type { GroupReport, Report } from '#core/model/report.ts';
import type { Notice } from './data.ts';
import { withholds } from './decision-log.ts';

const KEPT = 500;
const SHOWN = 60;

/** Said by one tick. */
type Said = Pick<Notice, 'kind' | 'group' | 'text'> & { readonly key: string };

export class Notices {
  readonly #byKey = new Map<string, Notice>();
  #leftOut = 0;

  /** Takes what a tick said; of groups that are not wanted, nothing. */
  add(at: Instant, { groups, problems }: Report, isWanted: (group: string) => boolean): void {
    const said = [
      ...problems.map((text): Said => ({ kind: 'problem', text, key: text })),
      ...groups.filter(({ name }) => isWanted(name)).flatMap(saidOf),
    ];
    for (const notice of new Map(said.map((entry) => [keyOf(entry), entry]))) this.#take(at, ...notice);
  }

  /** The most frequent first, and how many more there were. */
  close(): { readonly notices: readonly Notice[]; readonly leftOut: number } {
    const all = [...this.#byKey.values()].sort((a, b) => b.ticks - a.ticks || b.last - a.last);
    return { notices: all.slice(0, SHOWN), leftOut: Math.max(0, all.length - SHOWN) + this.#leftOut };
  }

  #take(at: Instant, key: string, { kind, group, text }: Said): void {
    const before = this.#byKey.get(key);
    if (before === undefined && this.#byKey.size >= KEPT) {
      this.#leftOut += 1;
      return;
    }
    this.#byKey.set(key, {
      kind,
      ...(group === undefined ? {} : { group }),
      text,
      ticks: (before?.ticks ?? 0) + 1,
      first: before?.first ?? at,
      last: at,
    });
  }
}

/** Sentences that differ by their numbers only are one. */
function keyOf({ kind, group = '', key }: Said): string {
  return [kind, group, key.replace(/\d+/g, '#')].join('\n');
}

function saidOf({ name, decision, bounds, troubles, problems, outcomes }: GroupReport): readonly Said[] {
  const held = decision.reason.code === 'look-held-back' ? [decision.reason] : [];
  const unknown = bounds.filter(({ code }) => code === 'queue-unknown' || code === 'unknown-status');
  const failures = outcomes.flatMap(({ status, error }) => (status === 'failed' && error !== undefined ? [error] : []));
  const said = (kind: Notice['kind'], text: string, key = text): Said => ({ kind, group: name, text, key });
  return [
    ...[...held, ...bounds.filter(withholds)].map(({ code, text }) =>
      said(code === 'quarantine' ? code : 'limit', text, code),
    ),
    ...troubles.map(({ text, values }) => said('trouble', text, 'kind' in values ? values.kind : text)),
    ...unknown.map(({ code, text }) => said('problem', text, code)),
    ...[...problems, ...failures].map((text) => said('problem', text)),
  ];
}
