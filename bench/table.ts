import { columnWidths, layRow } from '#text/layout.ts';

/** Prints rows under titles; the first column reads from the left, the others from the right. */
export function printTable(titles: readonly string[], rows: readonly (readonly string[])[]): void {
  const columns = titles.map((title, index) => ({ title, align: index === 0 ? 'left' : 'right' }) as const);
  const widths = columnWidths(columns, rows);
  for (const row of [titles, ...rows]) {
    for (const line of layRow(columns, widths, row)) console.log(`  ${line.trimEnd()}`);
  }
}
