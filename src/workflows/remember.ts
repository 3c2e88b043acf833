/** Lists that keep their newest entries only. */
import { bounds } from '../contracts/bounds.ts';

export function remember<T>(list: T[], entry: T, most: number = bounds.handledPromptIds): void {
  list.push(entry);
  if (list.length > most) list.splice(0, list.length - most);
}

/** How many ended turns and execs the queries still know: their answers must fit what continue-as-new carries (I9). */
export const endedKept = 30;
