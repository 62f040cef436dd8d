/**
 * A problem or a warning at a path inside a YAML document. `document.ts` adds the line and column of that path.
 */

/** Keys and indexes from the root of the document, such as `['groups', 0, 'parameters', 'max']`. */
export type Path = readonly (string | number)[];

/** One thing found. `at` says which end of the path is meant when line and column are looked up. */
export type Finding = {
  readonly path: Path;
  readonly at: 'key' | 'value';
  readonly severity: 'problem' | 'warning';
  readonly message: string;
};

/** Something that must be corrected. Its place is that of the value, unless `at` says otherwise. */
export function problem(path: Path, message: string, at: Finding['at'] = 'value'): Finding {
  return { path, at, severity: 'problem', message };
}

/** Something that works, but perhaps not as its author expects. */
export function warning(path: Path, message: string, at: Finding['at'] = 'key'): Finding {
  return { path, at, severity: 'warning', message };
}

/** A list with the finding if the condition holds, else an empty list. */
export function when(isSo: boolean, finding: Finding): readonly Finding[] {
  return isSo ? [finding] : [];
}

/** `groups[0].nodeSelector["kubernetes.io/arch"]` */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[\w-]+$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}
