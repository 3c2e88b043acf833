/** What a bundle of carried work says about itself, as the message of its topmost commit. */
import * as z from 'zod';

/** The bundle's ref; its commit's tree is the work tree, its parent's the index, and that one's parent HEAD. */
export const carriedRef = 'refs/harvest/carried';
export const stashRef = (position: number): string => `refs/harvest/stash/${position}`;

const carryRecordSchema = z.object({
  version: z.literal(1),
  /** Null on a branch without a commit. */
  head: z.string().nullable(),
  /** Null when detached. */
  branch: z.string().nullable(),
  /** Every local branch; the bundle brings those that the remote does not have. */
  branches: z.array(z.object({ name: z.string(), head: z.string() })),
  /** Paths added with `--intent-to-add`: in the index without content. */
  intentToAdd: z.array(z.string()),
  /** Newest first. */
  stashes: z.array(z.object({ commit: z.string(), message: z.string() })),
});
export type CarryRecord = z.infer<typeof carryRecordSchema>;

const subject = 'Work carried by Harvest';

/** ASCII only: git would take other bytes for some encoding and change them. */
export function messageOf(record: CarryRecord): string {
  const json = JSON.stringify(record).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${subject}\n\n${json}\n`;
}

/** From the output of `git cat-file commit`. Throws on anything but a record. */
export function recordIn(commit: string): CarryRecord {
  const message = commit.slice(commit.indexOf('\n\n') + 2);
  return carryRecordSchema.parse(JSON.parse(message.slice(message.indexOf('\n\n') + 2)));
}
