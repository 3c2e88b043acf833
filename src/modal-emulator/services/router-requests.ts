/** What Local Modal honours of each request to the command router; strict, as in control-plane-requests.ts. */
import * as z from 'zod';
import { secretSourcesSchema } from './control-plane-requests.ts';

const bytes = z.instanceof(Buffer).default(Buffer.alloc(0));
const offset = z.int().nonnegative().default(0);
const taskId = z.string();
/** Chosen by the caller; part of a file name here. */
const execId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must have 1 to 64 letters, digits, dashes and underscores');

const outputNowhere = 0;
const outputPipe = 1;
const output = z
  .literal([outputNowhere, outputPipe], 'output goes to a pipe or nowhere')
  .default(outputNowhere);
export const isIgnored = (config: number): boolean => config === outputNowhere;

/** The router's own numbers: stdout is 0, stderr is 1. */
const fileDescriptor = z.literal([0, 1], 'must be 0 (stdout) or 1 (stderr)').default(0);

export const execStart = z.strictObject({
  taskId,
  execId,
  commandArgs: z.array(z.string()).min(1),
  stdoutConfig: output,
  stderrConfig: output,
  timeoutSecs: z.int().positive().optional(),
  workdir: z.string().startsWith('/', 'must be an absolute path').optional(),
  secretIds: z.array(z.string()).default([]),
  env: z.record(z.string(), z.string()).default({}),
  secretSources: secretSourcesSchema,
});
export const execById = z.strictObject({ taskId, execId });
export const execStdioRead = z.strictObject({ taskId, execId, offset, fileDescriptor });
export const execStdinWrite = z.strictObject({
  taskId,
  execId,
  offset,
  data: bytes,
  eof: z.boolean().default(false),
});
export const execStdinWriteStream = z.strictObject({
  start: z.strictObject({ taskId, execId, offset }).optional(),
  data: z.instanceof(Buffer).optional(),
  end: z.strictObject({}).optional(),
});
export const sandboxStdioRead = z.strictObject({ taskId, offset, fileDescriptor });
export const sandboxStdinWrite = z.strictObject({
  taskId,
  offset,
  data: bytes,
  eof: z.boolean().default(false),
});

export const reloadVolumes = z.strictObject({ taskId });

const noExpiry = -1;
const defaultTtlSeconds = 30 * 24 * 60 * 60;
export const snapshotFilesystem = z.strictObject({
  taskId,
  snapshotId: z.string().min(1),
  ttlSeconds: z
    .union([z.literal(noExpiry), z.int().positive()], 'must be at least 1, or -1 for an image that stays')
    .default(defaultTtlSeconds)
    .transform((seconds) => (seconds === noExpiry ? undefined : seconds)),
});
