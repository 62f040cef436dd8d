import { layColumns } from '#text/table.ts';

/** Prints rows under titles; the first column reads from the left, the others from the right. */
export function printTable(titles: readonly string[], rows: readonly (readonly string[])[]): void {
  const columns = titles.map((title, index) => ({ title, align: index === 0 ? 'left' : 'right' }) as const);
  for (const line of layColumns(columns, rows)) console.log(`  ${line.trimEnd()}`);
}
