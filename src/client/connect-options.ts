/** What a caller may say about the connection, and its check. */
import * as z from 'zod';
import type { TemporalOptions } from './connect.ts';

export type ConnectOptions = {
  /** Default: from the environment (`TEMPORAL_ADDRESS`, …) or a profile of `temporal.toml`. */
  temporal?: TemporalOptions;
  /** Where the store is. Default: `HARVEST_DATA_DIR`. */
  dataDirectory?: string;
  /** Of the worker that runs the sessions. Default: `HARVEST_TASK_QUEUE`, else `harvest`. */
  taskQueue?: string;
  /**
   * Keys to seal credentials with, as the worker has them: one or more `id:base64 of 32 bytes`, separated by commas; the
   * first one seals. Looked at when a credential is given as text. Default: `HARVEST_SEALING_KEYS`, else the data
   * directory's own.
   */
  sealingKeys?: string;
  /** Seconds a request may go without an answer, its repeats included: more than 0, at most 3,600. Default: 30. */
  answerSeconds?: number;
};

const text = z.string().min(1, 'is not empty');

export const connectOptionsSchema = z.strictObject({
  // The rest is Temporal's.
  temporal: z.looseObject({ address: text, namespace: text.optional() }).optional(),
  dataDirectory: text.optional(),
  taskQueue: text.optional(),
  sealingKeys: text.optional(),
  answerSeconds: z
    .number('a number of seconds, more than 0')
    .positive('more than 0 seconds')
    .max(3_600, 'at most 3600 seconds')
    .optional(),
});
