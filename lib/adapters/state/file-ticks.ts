/**
 * Tick records beside the state file: one JSON document per line, appended. When the file has grown to its bound it
 * becomes `….1`, whose predecessor goes: between one and two bounds of history remain.
 */
import { open, readFile, rename, stat } from 'node:fs/promises';
import type { TickRecord } from '#core/model/report.ts';
import { isCode } from './file-lock.ts';
import { compareTicks } from './tick-order.ts';

/** About a week of small fleets at one tick a minute. */
export const TICK_FILE_BYTES = 64 * 1024 * 1024;

/** Appends one record. Callers take turns (the state file's lock). */
export async function appendTickLine(path: string, record: TickRecord, maxBytes: number): Promise<void> {
  const line = `${JSON.stringify(record)}\n`;
  const size = await sizeOf(path);
  if (size > 0 && size + Buffer.byteLength(line) > maxBytes) await rename(path, rotated(path));
  const file = await open(path, 'a+', 0o600);
  try {
    await file.appendFile((await endsMidLine(file)) ? `\n${line}` : line);
  } finally {
    await file.close();
  }
}

/** Records with `from ≤ at < to`, oldest first, each once. */
export async function readTickLines(path: string, range: { from: number; to: number }): Promise<readonly TickRecord[]> {
  const lines = [...(await readLines(rotated(path))), ...(await readLines(path))];
  const records = new Map<string, TickRecord>();
  for (const line of lines) {
    const record = parseLine(line);
    if (record !== undefined && range.from <= record.at && record.at < range.to) {
      records.set(`${record.at} ${record.id}`, record);
    }
  }
  return [...records.values()].sort(compareTicks);
}

function rotated(path: string): string {
  return `${path}.1`;
}

/** A process that dies while it appends leaves half a line, which must not swallow the next one. */
async function endsMidLine(file: Awaited<ReturnType<typeof open>>): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== '\n'.charCodeAt(0);
}

/** Undefined for half a line; records are history, and one that is lost must not hide the others. */
function parseLine(line: string): TickRecord | undefined {
  try {
    return JSON.parse(line) as TickRecord;
  } catch {
    return undefined;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return 0;
    throw error;
  }
}

async function readLines(path: string): Promise<readonly string[]> {
  try {
    return (await readFile(path, 'utf8')).split('\n');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}
