/** The table of planted bugs. Pure. */
import type { PlantedResult } from '../planted/play-planted.ts';
import { markdownTable } from './markdown.ts';

export function renderPlanted(results: readonly PlantedResult[]): string {
  const body = results.map(({ bug, caughtBy }) => [
    `\`${bug.name}\``,
    bug.what,
    bug.invariant,
    `\`${bug.run.join(' ')}\``,
    caughtBy.length === 0 ? 'nothing' : caughtBy.join(', '),
  ]);
  return markdownTable([['bug', 'what is wrong', 'invariant', 'run', 'caught by'], ...body]);
}
