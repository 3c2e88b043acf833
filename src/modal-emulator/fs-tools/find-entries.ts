/** How `find -printf` reports an entry: fields ended by NUL, which no name can contain. */
export const findFormat = ['%f', '%y', '%s', '%m', '%M', '%u', '%g', '%T@', '%l']
  .map((field) => `${field}\\0`)
  .join('');
const fieldCount = 9;

const entryTypes: Readonly<Record<string, string>> = { d: 'directory', l: 'symlink' };

/** In the form of Modal's file information, sorted by name. */
export function toEntries(raw: string, pathOf: (name: string) => string): object[] {
  const fields = raw.split('\0').slice(0, -1);
  const entries: { name: string }[] = [];
  for (let at = 0; at + fieldCount <= fields.length; at += fieldCount) {
    const [name = '', type = '', size, mode = '', permissions, owner, group, modified, target = ''] =
      fields.slice(at, at + fieldCount);
    const entry = {
      name,
      path: pathOf(name),
      type: entryTypes[type] ?? 'file',
      size: Number(size),
      mode: Number.parseInt(mode, 8),
      permissions,
      owner,
      group,
      modified_time: Number(modified),
      symlink_target: target === '' ? null : target,
    };
    entries.push(entry);
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}
