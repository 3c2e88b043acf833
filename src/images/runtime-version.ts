/**
 * The version of what Harvest puts into an image for itself (`/opt/harvest`). It is in every snapshot: a snapshot whose
 * number is below the floor is not restored, because its runtime does not understand today's supervisor.
 */
import { packagePins } from './pins.ts';

/** Counts up with each change of `/opt/harvest` that an older or newer supervisor would notice. */
const runtimeNumber = 1;
/** The oldest number that today's supervisor runs on. Raising it makes older snapshots unusable. */
const runtimeFloor = 1;

/** For example `1-sdk.0.3.330`; the content of `/opt/harvest/version`. */
export const runtimeVersion = `${runtimeNumber}-sdk.${packagePins.agentSdk}`;

/** False too for a version that cannot be read. */
export function isUsableRuntime(version: string): boolean {
  const number = /^(\d+)-sdk\./.exec(version.trim())?.[1];
  return number !== undefined && Number(number) >= runtimeFloor;
}
