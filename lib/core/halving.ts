/**
 * For how many of the numbers from 0 up to `count` something holds, where it holds for the first ones and for none after
 * them. Pure.
 */
export function countWhile(count: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
