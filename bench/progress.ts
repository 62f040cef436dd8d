/** A word on stderr about work that takes longer than anybody waits without one. */

const PATIENCE_MS = 2_000;

/** Shows what is told, on one line of a terminal, once two seconds have passed. Anywhere but in a terminal, nothing. */
export function createProgress(): { readonly show: (text: string) => void; readonly clear: () => void } {
  const start = performance.now();
  const isShown = process.stderr.isTTY;
  return {
    show: (text) => {
      if (isShown && performance.now() - start > PATIENCE_MS) process.stderr.write(`\r\u001b[K${text}`);
    },
    clear: () => {
      if (isShown) process.stderr.write('\r\u001b[K');
    },
  };
}
