/** Figures of a page: how each is called, where it comes from, and what exactly it is, in one row. */
import type { FigureDefinition, Unit } from './data.ts';

/** A figure, and where it comes from; undefined: this source does not know it. */
type Row<Source> = readonly [
  id: string,
  label: string,
  unit: Unit,
  value: (source: Source) => number | undefined,
  meaning: string,
];

/** The figures of sections of rows, in their order, and how their values are had by their ids. */
export function defineFigures<Source>(sections: Readonly<Record<string, readonly Row<Source>[]>>): {
  readonly definitions: readonly FigureDefinition[];
  readonly valuesOf: (source: Source) => Readonly<Record<string, number>>;
} {
  return {
    definitions: Object.entries(sections).flatMap(([section, rows]) =>
      rows.map(([id, label, unit, , meaning]) => ({ id, section, label, unit, meaning })),
    ),
    valuesOf: (source) =>
      Object.fromEntries(
        Object.values(sections).flatMap((rows) =>
          rows.flatMap(([id, , , value]) => {
            const known = value(source);
            return known === undefined ? [] : [[id, known]];
          }),
        ),
      ),
  };
}
