/** Bitbucket writes uuids with braces; names and labels in Kubernetes cannot carry them. */

/** `{0b1c…}` → `0b1c…`, for names and labels in Kubernetes. */
export function bareUuid(uuid: string): string {
  return uuid.slice(uuid.startsWith('{') ? 1 : 0, uuid.endsWith('}') ? -1 : undefined);
}

/** `0b1c…` → `{0b1c…}`, as Bitbucket writes it. */
export function bracedUuid(uuid: string): string {
  return `{${bareUuid(uuid)}}`;
}

/** Whether what names a workspace or a repository is its uuid and not its slug, which has no braces. */
export function isUuid(name: string): boolean {
  return name.startsWith('{');
}
