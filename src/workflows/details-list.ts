/** Part of the details of a workflow that people see. */

/** A titled list in Markdown; nothing where there is nothing to list. */
export function detailsList(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : ['', `${title}:`, ...items.map((item) => `- ${item}`)];
}
