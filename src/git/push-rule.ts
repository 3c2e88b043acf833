/** Which refs a session may push. */
import { isDeletion, type PushCommand } from './receive-pack.ts';

/** The reason of a refusal, or null when this one command of a push is allowed. */
export type PushRule = (push: { repository: string; command: PushCommand }) => string | null;

/** Only branches below `harvest/`, and none of them is deleted. */
export const harvestBranchesOnly: PushRule = ({ command }) => {
  if (!isHarvestBranch(command.ref)) return 'only branches below harvest/ may be pushed from this session';
  if (isDeletion(command)) return 'branches are not deleted from a session';
  return null;
};

/** Only names that git itself allows: what a server might take for another ref is no branch below `harvest/`. */
function isHarvestBranch(ref: string): boolean {
  if (!ref.startsWith('refs/heads/harvest/')) return false;
  // oxlint-disable-next-line no-control-regex -- they are what must not be in the name
  const forbidden = /[\u0000- \u007f~^:?*[\\]|\.\.|\/\/|\/\.|@\{|\.lock(\/|$)|[/.]$/;
  return !forbidden.test(ref);
}
