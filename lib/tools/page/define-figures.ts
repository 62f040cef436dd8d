/** Figures of a page: how each is called, where it comes from, and what exactly it is. */
import type { FigureDefinition, Unit } from './data.ts';

/** A figure, and where it comes from; undefined: this source does not know it. */
type Row<Source> = Omit<FigureDefinition, 'id' | 'section'> & {
  readonly value: (source: Source) => number | undefined;
};

/** What makes the rows of each unit. */
export function rowsOf<Source>() {
  const rowIn = (unit: Unit) => {
    return (label: string, value: Row<Source>['value'], meaning: string): Row<Source> => ({
      label,
      unit,
      value,
      meaning,
    });
  };
  return { ms: rowIn('ms'), count: rowIn('count'), hours: rowIn('hours'), money: rowIn('money') };
}

/** The figures of sections of rows, in their order, and how their values are had by their ids. */
export function defineFigures<Source>(sections: Readonly<Record<string, Readonly<Record<string, Row<Source>>>>>): {
  readonly definitions: readonly FigureDefinition[];
  readonly valuesOf: (source: Source) => Readonly<Record<string, number>>;
} {
  const rows = Object.entries(sections).flatMap(([section, figures]) =>
    Object.entries(figures).map(([id, row]) => ({ id, section, ...row })),
  );
  return {
    definitions: rows.map(({ value: _, ...definition }) => definition),
    valuesOf: (source) => {
      const values = rows.map(({ id, value }) => [id, value(source)] as const);
      return Object.fromEntries(values.filter((entry): entry is [string, number] => entry[1] !== undefined));
    },
  };
}
