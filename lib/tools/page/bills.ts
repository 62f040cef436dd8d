/** What production costs, as far as reports and prices tell. */
import type { WorkspaceReport } from '#core/model/report.ts';
import { HOUR_MS } from '#core/time.ts';
import type { Fact } from './data.ts';
import type { GroupTally } from './production-figures.ts';
import { formatNumber } from './script/format.js';

type Bill = { readonly month: string; readonly steps: number; readonly price?: number };

export class Bills {
  readonly #bills = new Map<string, Bill>();

  /** Takes what a tick says of a workspace. What a slot costs is said only where the next one would. */
  note({ workspace, peak: { month, steps }, nextSlot }: WorkspaceReport): void {
    if (steps === undefined) return;
    const price = nextSlot?.costs ?? this.#bills.get(workspace)?.price;
    this.#bills.set(workspace, { month, steps, ...(price !== undefined && { price }) });
  }

  /** A fact for each kind of cost that is known. */
  facts({ levelMs }: GroupTally, runnerHour: number | undefined): readonly Fact[] {
    const hours = Object.values(levelMs).reduce((sum, ms) => sum + ms, 0) / HOUR_MS;
    const runners =
      runnerHour === undefined
        ? []
        : [
            {
              name: 'Runners cost',
              text: `USD ${formatNumber(hours * runnerHour, 2)} for ${formatNumber(hours, 1)} hours`,
            },
          ];
    return [
      ...runners,
      ...[...this.#bills].map(([workspace, { month, steps, price }]) => ({
        name: `Build slots of ${workspace}`,
        text: `${formatNumber(steps, 0)} steps at once at the most in ${month}${price === undefined ? '' : `, USD ${formatNumber(steps * price, 2)} where slots are billed`}`,
      })),
    ];
  }
}
