/** What Node's file system says when it fails: its code, and for people the reason with the next step. */

/** Whether Node's file system gave this code, such as `ENOENT`. */
export function isCode(error: unknown, code: string): boolean {
  return codeOf(error) === code;
}

/** The end of a sentence; `right` is what this user may lack the right to do. */
export function fileReason(error: unknown, right: 'read it' | 'write the file and its directory'): string {
  const code = codeOf(error);
  const denied = `permission denied; give this user the right to ${right}`;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file; check the path and the directory in which you are',
    EACCES: denied,
    EPERM: denied,
    EISDIR: 'it is a directory; name a file in it',
    ENOTDIR: 'a part of its path is not a directory; choose another path',
    EEXIST: 'a part of its path is not a directory; choose another path',
    ELOOP: 'it is a symbolic link, which is not followed; name the file itself',
    ENOSPC: 'the disk is full; free some space',
    EROFS: 'the file system is read-only; choose another path',
  };
  return reasons[code] ?? `${code}; check the path and the disk`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
