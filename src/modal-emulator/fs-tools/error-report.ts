/** The kinds the SDK turns into error classes of their own, by what coreutils say for the system's error. */
const kindsByEnding: readonly (readonly [ending: RegExp, kind: string])[] = [
  [/(No such file or directory|Directory nonexistent)$/, 'NotFound'],
  [/Is a directory$/, 'IsDirectory'],
  [/Not a directory$/, 'NotDirectory'],
  [/Directory not empty$/, 'DirectoryNotEmpty'],
  [/(Permission denied|Operation not permitted|Read-only file system)$/, 'PermissionDenied'],
  [/Operation not supported by Local Modal$/, 'NotSupported'],
];

/** The SDK knows an existing file by different names in different operations. */
export type FileExistsKind = 'PathAlreadyExists' | 'AlreadyExists';

export function toErrorReport(stderr: string, fileExists: FileExistsKind = 'PathAlreadyExists'): string {
  const message = stderr.trim().split('\n')[0]?.trim() ?? '';
  const kind = message.endsWith('File exists')
    ? fileExists
    : (kindsByEnding.find(([ending]) => ending.test(message))?.[1] ?? 'Other');
  return JSON.stringify({
    version: 1,
    error_kind: kind,
    message: message === '' ? 'the operation was interrupted' : message,
    detail: stderr,
  });
}
