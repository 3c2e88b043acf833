/**
 * The version of what Harvest puts into an image for itself (`/opt/harvest`), as `<number>-sdk.<version of the Agent SDK>`. It
 * is in every snapshot: one whose number is below the floor is not restored, because its runtime does not understand
 * today's supervisor.
 */

/** Counts up with each change of `/opt/harvest` that an older or newer supervisor would notice. */
export const runtimeNumber = 1;

/** The oldest number that today's supervisor runs on. Raising it makes older snapshots unusable. */
const runtimeFloor = 1;

/** False too for a version that cannot be read. */
export function isUsableRuntime(version: string): boolean {
  const number = /^(\d+)-sdk\./.exec(version.trim())?.[1];
  return number !== undefined && Number(number) >= runtimeFloor;
}
