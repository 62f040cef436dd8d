/** Says on the terminal that something takes its time, and how long it has taken so far. */
export type Progress = {
  /** One line of its own. */
  say(line: string): void;
  /** Shows the text with the elapsed seconds while the work goes on; `detail` is asked again each time. */
  during<T>(text: string, work: Promise<T>, detail?: () => string): Promise<T>;
};

/** Where a line cannot be rewritten, as in a CI log, one comes this often. */
const LOG_EVERY_MS = 15_000;

/** Progress on a stream: one line that is rewritten on a terminal, a line now and then anywhere else. */
export function createProgress(stream: NodeJS.WriteStream): Progress {
  const say = (line: string): void => {
    stream.write(`${line}\n`);
  };
  return {
    say,
    async during(text, work, detail = () => '') {
      const begun = Date.now();
      const line = () => `${text}: ${elapsed(Date.now() - begun)}${detail()}`;
      const show = () => (stream.isTTY ? stream.write(`\r\x1b[2K${line()}`) : say(line()));
      show();
      const timer = setInterval(show, stream.isTTY ? 1000 : LOG_EVERY_MS);
      try {
        return await work;
      } finally {
        clearInterval(timer);
        if (stream.isTTY) stream.write('\r\x1b[2K');
        say(line());
      }
    },
  };
}

/** `95000` → `1m 35s` */
function elapsed(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
}
