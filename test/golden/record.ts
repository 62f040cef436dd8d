/**
 * Records the present behaviour: `node test/golden/record.ts`, and `… --records` for the tick records as well.
 *
 * Recording anew is a statement that behaviour has changed: reports, memory, configuration or manifests are no longer
 * as they were, and whoever reads them finds out. The change belongs into CHANGELOG.md, and the diff of the recordings
 * into the review. The tick records stand for those that the release before wrote: leave them as they are unless a
 * release has been made since.
 */
import { writeFileSync } from 'node:fs';
import { chooseRecords, RECORDINGS, RECORDS } from './recordings.ts';

function write(file: string, lines: readonly string[]): void {
  writeFileSync(new URL(file, import.meta.url), lines.map((line) => `${line}\n`).join(''));
  process.stdout.write(`${file}: ${lines.length} lines\n`);
}

if (process.argv.includes('--records')) write(RECORDS, await chooseRecords());
for (const { file, make } of RECORDINGS) write(file, await make());
