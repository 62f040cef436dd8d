/**
 * Checks a group's Job and Secret before any exists: renders them for a made-up registration and runs all checks. Every
 * finding has its place in the template. No network. Only commands load this; in a function the API server checks.
 */
import type { RunnerGroup } from '#core/model/configuration.ts';
import type { ManifestInput } from '#core/ports.ts';
import type { Finding } from '#yaml/finding.ts';
import { distinctProblems, type InputProblem } from '#yaml/problem.ts';
import { BUILT_IN_TEMPLATE } from './built-in-template.ts';
import { contradictionFindings } from './check-relations.ts';
import { runnerFindings } from './check-runner.ts';
import { settingFindings } from './check-settings.ts';
import { structureFindings } from './check-structure.ts';
import { trapFindings } from './check-traps.ts';
import { whenIdleFindings } from './check-when-idle.ts';
import { builtInSecret, renderObjects } from './render.ts';
import { STAND_IN_UUID, standInFor } from './stand-ins.ts';
import type { RenderedObject } from './template.ts';

/** What is wrong, and what is doubtful, each with its line and column in the template. */
type ManifestVerdict = {
  readonly problems: readonly InputProblem[];
  readonly warnings: readonly InputProblem[];
};

/** Judges the manifests of a group. */
export function checkManifests(group: RunnerGroup): ManifestVerdict {
  const input = standInFor(group);
  const { problems, job, secret } = renderObjects(group.pod.template ?? BUILT_IN_TEMPLATE, input);
  const found = [
    ...(secret === undefined ? [] : locateAll(secret, structureFindings(secret.content, 'V1Secret'))),
    ...(job === undefined ? [] : locateAll(job, jobFindings(job, secret, input))),
  ];
  const located = (severity: Finding['severity']) =>
    found.filter((one) => one.severity === severity).map(({ place }) => place);
  // One sentence per place is enough.
  const told = new Set(problems.map(placeKey));
  const others = located('problem').filter((place) => !told.has(placeKey(place)));
  return { problems: distinctProblems([...problems, ...others]), warnings: distinctProblems(located('warning')) };
}

/** Judges several groups; what is wrong with a template that they share is said once. */
export function checkGroups(groups: readonly RunnerGroup[]): ManifestVerdict {
  const verdicts = groups.map(checkManifests);
  return {
    problems: distinctProblems(verdicts.flatMap(({ problems }) => problems)),
    warnings: distinctProblems(verdicts.flatMap(({ warnings }) => warnings)),
  };
}

function jobFindings(
  { content }: RenderedObject,
  secret: RenderedObject | undefined,
  input: ManifestInput,
): readonly Finding[] {
  return [
    ...structureFindings(content, 'V1Job'),
    ...contradictionFindings(content),
    ...runnerFindings(content, secret?.content ?? builtInSecret(input), input),
    ...trapFindings(content),
    ...settingFindings(content, input.group.pod, input.group.name),
    ...whenIdleFindings(content, input.group.pod, input.group.name),
  ];
}

type Located = { readonly severity: Finding['severity']; readonly place: InputProblem };

function locateAll({ locate }: RenderedObject, findings: readonly Finding[]): readonly Located[] {
  return findings.map((finding) => {
    // Names hold the uuid that stands in; authors know it by the name of its hole.
    const message = finding.message.replaceAll(STAND_IN_UUID, '{{runnerUuid}}');
    return { severity: finding.severity, place: locate({ ...finding, message }) };
  });
}

function placeKey({ line, column, path }: InputProblem): string {
  return `${line}:${column} ${path}`;
}
