/** Code that is run once in a sandbox of its own: the one argument of the `executeCode` workflow, and its result. */
import * as z from 'zod';
import { bounds } from './bounds.ts';
import { jsonBytes } from './json-bytes.ts';
import { environmentSchema } from './session-input.ts';

const executionIdSchema = z
  .string()
  .regex(/^[a-z0-9-]{1,40}$/, 'an execution id is 1 to 40 characters of a-z, 0-9 and "-"');

const executionLanguages = ['python', 'node', 'bash'] as const;
export type ExecutionLanguage = (typeof executionLanguages)[number];

/** Below the working directory, wherever the code may reach from there. */
const filePath = /^(?:(?!\.{1,2}(?:\/|$))[^/\0]+(?:\/(?=[^/])|$))+$/;

export const executionRequestSchema = z
  .strictObject({
    executionId: executionIdSchema,
    language: z.enum(executionLanguages),
    code: z.string().min(1),
    /** After so many seconds the code is ended; what it had written is kept. */
    timeoutSeconds: z
      .number()
      .int()
      .min(1)
      .max(bounds.longestExecutionSeconds)
      .default(bounds.executionSeconds),
    /** Absolute; made when it is not there. */
    workdir: z
      .string()
      .max(1_000)
      .regex(/^\/[^\0]*$/, 'a working directory is an absolute path')
      .default('/workspace'),
    /** Plain variables. They are not secret: they stand in history. */
    environment: environmentSchema.default({}),
    /** Contents by path, for the code to read. */
    files: z
      .record(z.string(), z.string())
      .refine((files) => Object.keys(files).every((path) => path.length <= 500 && filePath.test(path)), {
        message: 'a file path is relative, of at most 500 characters, without "." and ".." in it',
      })
      .refine((files) => Object.keys(files).length <= bounds.executionFiles, {
        message: `at most ${bounds.executionFiles} files: bring more as an archive`,
      })
      .refine((files) => jsonBytes(files) <= bounds.executionFilesBytes, {
        message: `the files together have at most ${bounds.executionFilesBytes / 1024} KiB as JSON`,
      })
      .default({}),
  })
  .refine(({ code }) => jsonBytes(code) <= bounds.executionCodeBytes, {
    path: ['code'],
    message: `the code has at most ${bounds.executionCodeBytes / 1024} KiB as JSON: bring more as a file`,
  })
  .refine(({ language, files }) => !(codeFileOf(language) in files), {
    path: ['files'],
    message: 'one of the files has the name under which the code itself is written',
  });
export type Execution = z.output<typeof executionRequestSchema>;
/** The same before defaults are filled in: what a caller writes. */
export type ExecutionRequest = z.input<typeof executionRequestSchema>;

const codeFiles: Readonly<Record<ExecutionLanguage, string>> = {
  python: 'harvest_main.py',
  node: 'harvest_main.js',
  bash: 'harvest_main.sh',
};

/** Beside the files, so that it can import them. */
export function codeFileOf(language: ExecutionLanguage): string {
  return codeFiles[language];
}

/**
 * `success`: it ended with 0. `error`: with another code. `timeout`: it was ended at its time limit. `crashed`: it was killed
 * by a signal, could not be started, or was lost with its sandbox; `message` says which.
 */
export const executionResultSchema = z.strictObject({
  status: z.enum(['success', 'error', 'timeout', 'crashed']),
  /** Null unless it ended by itself (I10). */
  exitCode: z.number().int().nullable(),
  /** The last 4 KiB of each; all of it is in the event log. */
  stdout: z.string(),
  stderr: z.string(),
  durationSeconds: z.number(),
  /** The one it ran in, which has ended; null when there was none. */
  sandboxId: z.string().nullable(),
  message: z.string().optional(),
});
export type ExecutionResult = z.infer<typeof executionResultSchema>;
