/** The bounds of a session and their defaults. A message over a bound is rejected with a sentence that names it. */

export const bounds = {
  promptCharacters: 64_000,
  queuedPrompts: 20,
  /** Waiting prompts together, as JSON: they travel through continue-as-new (I9). */
  queuedPromptBytes: 512 * 1024,
  /** Newest handled prompt ids that are remembered, as hashes. */
  handledPromptIds: 1_000,
  carriedWorkBytes: 50 * 1024 * 1024,
  turnContinuations: 2,
  turnRestarts: 2,
  turnSeconds: 2 * 60 * 60,
  /** Of the agent, with no tool running. */
  silenceSeconds: 5 * 60,
  idleSeconds: 15 * 60,
  /** Paused before closing. */
  retentionSeconds: 30 * 24 * 60 * 60,
  sandboxLifetimeSeconds: 6 * 60 * 60,
  /** Before a sandbox's end of life; never more than a quarter of its life. */
  rolloverSeconds: 10 * 60,
  execSeconds: 10 * 60,
  /** In another sandbox, of a command that had not begun. */
  execRestarts: 2,
  /** Of `executeCode`; above the first its sandbox would have to live longer than any may. */
  longestExecutionSeconds: 23 * 60 * 60,
  executionSeconds: 30 * 60,
  executionCodeBytes: 256 * 1024,
  executionFilesBytes: 512 * 1024,
  executionFiles: 100,
  queuedExecs: 20,
  /** Waiting commands together, as JSON: they travel through continue-as-new (I9). */
  queuedExecBytes: 256 * 1024,
  /** Below what Modal takes. */
  execArgumentCharacters: 16 * 1024,
  eventBytes: 64 * 1024,
  toolOutputBytes: 256 * 1024,
  /** The last part of an answer or of an exec's output that the queries return. */
  answerTailBytes: 4 * 1024,
  /** What the agent is told of a conversation whose transcript cannot be had. */
  recentMessages: 10,
  repositoriesPerSession: 8,
  /** A build that is older has lost its workflow. */
  repoImageBuildSeconds: 2 * 60 * 60,
  /** An image of an unchanged repository is built anew when it is as old as this. */
  repoImageAgeSeconds: 7 * 24 * 60 * 60,
  /** Before the same is built again that failed, or that no session could start from. */
  failedImagePauseSeconds: 6 * 60 * 60,
  /** The session's plain variables together, as JSON: they travel through continue-as-new (I9). */
  environmentBytes: 128 * 1024,
} as const;
