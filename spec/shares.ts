/** How groups share what is left of a cap, as a table: the tests run it and docs/scaling.md shows it. */

export type ShareRow = {
  readonly name: string;
  /** By group: what it wants, and where it matters its weight and how many working runners it has. */
  readonly claims: readonly (readonly [wanted: number, weight?: number, working?: number])[];
  readonly room: number;
  readonly shares: readonly number[];
};

export const SHARE_ROWS: readonly ShareRow[] = [
  { name: 'nobody there', claims: [], room: 5, shares: [] },
  { name: 'nobody wants anything', claims: [[0], [0]], room: 5, shares: [0, 0] },
  { name: 'room for all', claims: [[2], [3]], room: 9, shares: [2, 3] },
  { name: 'exactly enough', claims: [[2], [3]], room: 5, shares: [2, 3] },
  { name: 'no room', claims: [[2], [3]], room: 0, shares: [0, 0] },
  { name: 'above the cap already', claims: [[2], [3]], room: -4, shares: [0, 0] },
  { name: 'equal wishes, equal shares', claims: [[9], [9], [9]], room: 6, shares: [2, 2, 2] },
  { name: 'the modest get all, the rest share', claims: [[1], [9], [9]], room: 9, shares: [1, 4, 4] },
  { name: 'whoever wants nothing is passed over', claims: [[0], [9], [0], [9]], room: 4, shares: [0, 2, 0, 2] },
  { name: 'in several rounds', claims: [[1], [3], [9], [9]], room: 16, shares: [1, 3, 6, 6] },
  {
    name: 'three times the weight, three times as many',
    claims: [
      [9, 3],
      [9, 1],
    ],
    room: 8,
    shares: [6, 2],
  },
  {
    name: 'weights are relative',
    claims: [
      [9, 0.3],
      [9, 0.1],
    ],
    room: 8,
    shares: [6, 2],
  },
  {
    name: 'nobody gets a second before all have a first',
    claims: [
      [9, 10],
      [9, 1],
      [9, 1],
    ],
    room: 3,
    shares: [1, 1, 1],
  },
  {
    name: 'what a heavy group does not want goes to the others',
    claims: [
      [2, 10],
      [9, 1],
      [9, 2],
    ],
    room: 11,
    shares: [2, 3, 6],
  },
  {
    name: 'less room than groups: who has fewest comes first',
    claims: [
      [9, 1, 4],
      [9, 1, 0],
      [9, 1, 2],
    ],
    room: 1,
    shares: [0, 1, 0],
  },
  {
    name: 'fewest for its weight',
    claims: [
      [9, 4, 4],
      [9, 1, 2],
    ],
    room: 1,
    shares: [1, 0],
  },
  {
    name: 'what does not divide goes to who has fewest',
    claims: [
      [9, 1, 4],
      [9, 1, 0],
      [9, 1, 2],
    ],
    room: 5,
    shares: [1, 2, 2],
  },
  { name: 'equal in all: in the order of the file', claims: [[9], [9], [9]], room: 5, shares: [2, 2, 1] },
];
