/**
 * A configuration on its way to the function: everything that it consists of, seen as the function will see it, and
 * uploaded only when nothing is wrong with it. Templates go first, so that no tick meets a configuration that is ahead
 * of them.
 */
import { dirname, posix, relative } from 'node:path';
import { leftBehind, placesIn } from '#config/left-behind.ts';
import { type InspectedFleet, inspectFleet } from '#config/load.ts';
import { InputError, sentenceOf } from '#core/errors.ts';
import type { Fleet } from '#core/model/configuration.ts';
import { checkGroups } from '#manifests/check.ts';
import type { InputProblem } from '#yaml/problem.ts';

/** The function knows its cluster by name; a file without clusters is right for it. */
const DEFAULT_CLUSTER = { kind: 'eks', name: 'default' } as const;

/** Of an advanced parameter; a standard one holds half of it. */
const MOST_PARAMETER_KILOBYTES = 8;

/** A text and where it belongs: `s3://bucket/key` or `ssm:/name`. */
export type Upload = { readonly to: string; readonly from: string; readonly text: string };

/** What will be uploaded, in this order, and what the author should know. */
export type Delivery = { readonly uploads: readonly Upload[]; readonly warnings: readonly InputProblem[] };

/** How texts are read: files of this machine, and sources of AWS that the configuration refers to. */
export type ReadText = (source: string) => Promise<string>;

/**
 * Prepares the file for its destination. Throws an `InputError` with everything that is wrong: with the file, with its
 * templates, with their manifests, and with what only a laptop has. Warns of runners that the change leaves behind, by the
 * configuration that is there now.
 */
export async function prepareDelivery(file: string, destination: string, readText: ReadText): Promise<Delivery> {
  const uploads = new Map<string, Upload>();
  const readAsFunction = async (source: string) => {
    const from = localCounterpart(source, file, destination);
    if (from === undefined) return readText(source);
    const text = await readText(from);
    uploads.set(source, { to: source, from, text });
    return text;
  };
  const inspected = await inspectFleet(destination, { readText: readAsFunction, defaultCluster: DEFAULT_CLUSTER });
  const { fleet, problems, warnings } = inspected;
  const manifests = checkGroups(fleet.groups);
  const all = [
    ...problems,
    ...manifests.problems,
    ...kubeconfigProblems(fleet, destination),
    ...[...uploads.values()].flatMap(parameterProblems),
  ];
  const inFiles = (found: readonly InputProblem[]) => found.map((one) => inFile(one, uploads));
  if (all.length > 0) throw new InputError(inFiles(all));
  const left = await leftBehindBy(inspected, destination, readText);
  return {
    uploads: [...uploads.values()].sort((a, b) => Number(a.to === destination) - Number(b.to === destination)),
    warnings: inFiles([...warnings, ...manifests.warnings, ...left]),
  };
}

/** What groups leave behind that are there now. Before the first upload there is nothing to compare with. */
async function leftBehindBy(
  { fleet, locate }: InspectedFleet,
  destination: string,
  readText: ReadText,
): Promise<readonly InputProblem[]> {
  try {
    const text = await readText(destination);
    // Places do not depend on templates, which need not be readable from here.
    const readNow: ReadText = async (source) => (source === destination ? text : 'a template');
    const now = await inspectFleet(destination, { readText: readNow, defaultCluster: DEFAULT_CLUSTER });
    return leftBehind(placesIn(now.fleet), fleet).map(locate);
  } catch (error) {
    if (error instanceof InputError) return [];
    const message = `could not be compared with what is there now, so nobody knows whether runners are left behind: ${sentenceOf(error)}`;
    return [{ source: destination, path: '', message }];
  }
}

/** The file here that will lie there. Absent: the source is in AWS already, and somebody else's. */
function localCounterpart(source: string, file: string, destination: string): string | undefined {
  if (source === destination) return file;
  const isRemote = /^(s3:\/\/|ssm:)/.test(source);
  if (!isRemote) {
    throw new InputError(`${source} is a file of this machine, which the function cannot read; make the path relative`);
  }
  const [, store = '', key = ''] = /^(s3:\/\/[^/]+\/|ssm:\/?)(.*)$/.exec(destination) ?? [];
  if (!source.startsWith(store)) return undefined;
  const path = relative(posix.dirname(`/${key}`), `/${source.slice(store.length)}`);
  return path.startsWith('..') ? undefined : posix.join(dirname(file), path);
}

function kubeconfigProblems({ clusters }: Fleet, source: string): readonly InputProblem[] {
  return Object.entries(clusters)
    .filter(([, { kind }]) => kind === 'kubeconfig')
    .map(([name]) => ({
      source,
      path: `clusters.${name}`,
      message: 'is reached through a kubeconfig, which the function does not have; write eks: { name: … }',
    }));
}

/** What SSM would refuse: a parameter is small, and it takes two braces for a reference to another parameter. */
function parameterProblems({ to, text }: Upload): readonly InputProblem[] {
  if (!to.startsWith('ssm:')) return [];
  const kilobytes = Buffer.byteLength(text) / 1024;
  const lines = text.split('\n');
  const line = lines.findIndex((one) => one.includes('{{'));
  return [
    ...(kilobytes > MOST_PARAMETER_KILOBYTES
      ? [
          {
            source: to,
            path: '',
            message: `has ${Math.ceil(kilobytes)} KB, and SSM takes ${MOST_PARAMETER_KILOBYTES}; keep it in S3`,
          },
        ]
      : []),
    ...(line < 0
      ? []
      : [
          {
            source: to,
            line: line + 1,
            column: (lines[line] ?? '').indexOf('{{') + 1,
            path: '',
            message:
              'has {{, which SSM refuses in any parameter; keep Job templates in S3 and name them as source: s3://…',
          },
        ]),
  ];
}

/** Places as the author knows them. */
function inFile(problem: InputProblem, uploads: ReadonlyMap<string, Upload>): InputProblem {
  const sources = [...uploads.values()].sort((a, b) => b.to.length - a.to.length);
  const upload = sources.find(({ to }) => problem.source === to || problem.source.startsWith(`${to} `));
  return upload === undefined ? problem : { ...problem, source: problem.source.replace(upload.to, upload.from) };
}
