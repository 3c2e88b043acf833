/** The agent's own conversation memory, mirrored out of the sandbox entry by entry. */
import * as z from 'zod';

/** One entry as the agent writes it: opaque but for `uuid`, which most entries have and which makes a repeat harmless. */
export const transcriptEntrySchema = z.looseObject({
  uuid: z.string().optional(),
  type: z.string().optional(),
});
export type TranscriptEntry = z.infer<typeof transcriptEntrySchema>;

export const transcriptBatchSchema = z.object({
  /** The agent's session id, by which it resumes. */
  agentSessionId: z.string(),
  /** Set for the conversation of a subagent. */
  subpath: z.string().optional(),
  entries: z.array(transcriptEntrySchema),
});
export type TranscriptBatch = z.infer<typeof transcriptBatchSchema>;
