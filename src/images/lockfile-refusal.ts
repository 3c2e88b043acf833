/**
 * Whether a frozen install failed because the lockfile does not fit what the repository asks for, in the package managers' own
 * words. Anything else (a registry that is away, a script that fails) would fail without the lockfile as well, or hide what is
 * wrong.
 */

const words: readonly RegExp[] = [
  // npm: `npm ci` names what is missing and ends with its own usage, of which a cut output keeps the end.
  /\bEUSAGE\b|can only install packages when your package\.json and|Run "npm help ci" for more info/,
  /ERR_PNPM_(?:OUTDATED_LOCKFILE|LOCKFILE_CONFIG_MISMATCH|FROZEN_LOCKFILE_WITH_OUTDATED_LOCKFILE)/,
  // yarn 1, then berry.
  /Your lockfile needs to be updated/,
  /\bYN0028\b/,
  // bun
  /lockfile had changes, but lockfile is frozen/,
  // uv
  /The lockfile at .+ needs to be updated/,
  // Poetry
  /pyproject\.toml changed significantly since poetry\.lock was last generated/,
];

/** `output`: the end of what it printed. */
export function saysLockfileIsOutOfDate(output: string): boolean {
  return words.some((word) => word.test(output));
}
