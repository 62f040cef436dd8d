/** The file of a stage in the folder of the deployment. */
import { existsSync, readFileSync } from 'node:fs';
import { readStageFile, type StageFile, stagePath } from './stage-file.ts';

/** What the file says; absent where there is none. Throws an `InputError` with everything that is wrong with it. */
export function findStageFile(stage: string): StageFile | undefined {
  const path = stagePath(stage);
  return existsSync(path) ? readStageFile(readFileSync(path, 'utf8'), path) : undefined;
}
