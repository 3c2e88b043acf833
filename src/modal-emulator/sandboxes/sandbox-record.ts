/** A sandbox as it is remembered. */
import * as z from 'zod';
import { resultSchema } from './result.ts';

/** What is kept on disk of a sandbox: nothing of its environment, and nothing it could be revived from. */
export const sandboxRecordSchema = z.object({
  sandboxId: z.string(),
  taskId: z.string(),
  appId: z.string(),
  imageId: z.string(),
  name: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
  /** Unique, so that a list can be continued from it. */
  createdAtSeconds: z.number(),
  timeoutSeconds: z.int(),
  idleTimeoutSeconds: z.int().nullable(),
  /** Null while it runs. */
  result: resultSchema.nullable(),
});
export type SandboxRecord = z.output<typeof sandboxRecordSchema>;
