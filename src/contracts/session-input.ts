/** What a caller gives to start a session: the one argument of the `session` workflow. */
import * as z from 'zod';
import { bounds } from './bounds.ts';
import { checkpointIdSchema, sessionIdSchema } from './ids.ts';
import { jsonBytes } from './json-bytes.ts';

/** What `git check-ref-format --branch` takes, of the characters that are common in branch names. */
const branchName =
  /^(?![-/.])(?!@$)(?!.*(?:\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|[/.]$))[A-Za-z0-9._/@+#=-]{1,200}$/;

/** Git over HTTP(S), without credentials: those are named apart, so that no URL ever holds one (I8). */
const repositoryUrlSchema = z
  .string()
  .max(2_000)
  .refine((text) => isPlainHttpUrl(text), {
    message:
      'a repository URL is http:// or https:// with a path and without user, password, query or fragment',
  });

function isPlainHttpUrl(text: string): boolean {
  // The parser takes white space out, git does not.
  if (/\s/.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return plain && /^https?:$/.test(url.protocol) && url.pathname.length > 1;
}

export const repositoryRequestSchema = z.strictObject({
  url: repositoryUrlSchema,
  /** The branch the session starts from. */
  branch: z.string().regex(branchName, 'not a branch name').default('main'),
  /** The folder under `/workspace`; by default the last part of the URL's path without `.git`. */
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/,
      'a repository name is 1 to 100 characters of A-Z, a-z, 0-9, ".", "_", "-"',
    )
    .optional(),
});
export type RepositoryRequest = z.infer<typeof repositoryRequestSchema>;

/**
 * Where a credential comes from. The value itself is never here: `environment` names a variable of the worker,
 * `modal-secret` a key of a named Modal secret, `sealed` a value the client sealed for this session. The first two are
 * given only to the field and the servers that the worker's configuration says.
 */
export const credentialSourceSchema = z.discriminatedUnion('from', [
  z.strictObject({ from: z.literal('environment'), variable: z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/) }),
  z.strictObject({
    from: z.literal('modal-secret'),
    name: z.string().min(1).max(64),
    key: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/),
  }),
  z.strictObject({
    from: z.literal('sealed'),
    keyId: z.string().min(1).max(64),
    // By pattern: zod's own check asks `atob`, which workflow code does not have.
    box: z
      .string()
      .regex(/^[A-Za-z0-9+/]+={0,2}$/)
      .max(16_384),
  }),
]);
export type CredentialSource = z.infer<typeof credentialSourceSchema>;

export const credentialsSchema = z.strictObject({
  /** Sent as the password of git over HTTP to the session's repositories, and to no other. */
  github: credentialSourceSchema.optional(),
  /** A Claude OAuth token (`sk-ant-oat…`) or an Anthropic API key. */
  claude: credentialSourceSchema.optional(),
});
export type Credentials = z.infer<typeof credentialsSchema>;

/** US dollars. */
export const budgetUsdSchema = z.number().positive().max(1_000_000);

const day = 24 * 60 * 60;
const seconds = (most: number) => z.number().int().min(1).max(most);

export const environmentSchema = z
  .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(8_192))
  .refine(
    (environment) => jsonBytes(environment) <= bounds.environmentBytes,
    `the environment variables together have at most ${bounds.environmentBytes / 1024} KiB as JSON`,
  );

export const sessionOptionsSchema = z.strictObject({
  /** The model the agent asks for; the agent's own default when absent. */
  model: z.string().min(1).max(200).optional(),
  /** Idle seconds before the session pauses itself. Idle: no turn running, none queued, no exec running (I12). */
  idleSeconds: seconds(day).default(bounds.idleSeconds),
  /** Seconds after which a paused session closes and its checkpoints are deleted. */
  retentionSeconds: seconds(365 * day).default(bounds.retentionSeconds),
  /** Seconds that a turn may take, from its first start to its end. */
  turnSeconds: seconds(day).default(bounds.turnSeconds),
  /** Seconds without a word of the agent and without a running tool, after which its turn is continued in a fresh process. */
  silenceSeconds: seconds(day).default(bounds.silenceSeconds),
  /** Modal's limit on the life of one sandbox, at most 24 h. */
  sandboxLifetimeSeconds: seconds(day).default(bounds.sandboxLifetimeSeconds),
  /**
   * Seconds before the end of a sandbox's life at which the session moves to the next one, a running turn with it, or pauses
   * when it is idle; at most a quarter of that life.
   */
  rolloverSeconds: seconds(day).default(bounds.rolloverSeconds),
  /** US dollars that the session may spend: a turn is stopped there, and prompts wait until the budget is raised. */
  budgetUsd: budgetUsdSchema.optional(),
  /** Plain variables for the agent and its tools. They are not secret: they stand in history, event log and snapshots. */
  environment: environmentSchema.default({}),
});
export type SessionOptions = z.infer<typeof sessionOptionsSchema>;

export const sessionInputSchema = z.strictObject({
  sessionId: sessionIdSchema,
  repositories: z
    .array(repositoryRequestSchema)
    .min(1)
    .max(bounds.repositoriesPerSession)
    .refine(haveDistinctNames, 'two repositories would share a folder: give one of them another name'),
  user: z.strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(200)
      .regex(/^[^<>\n\r\0]*$/, 'a user name has no <, > or line break'),
    email: z.email().max(254),
  }),
  credentials: credentialsSchema.default({}),
  /** Begin at a checkpoint of another session, which has the same repositories and is left as it is. */
  fork: z
    .strictObject({
      sessionId: sessionIdSchema,
      /** By default the newest. */
      checkpointId: checkpointIdSchema.optional(),
    })
    .optional(),
  options: sessionOptionsSchema.default(() => sessionOptionsSchema.parse({})),
});
export type SessionInput = z.infer<typeof sessionInputSchema>;
/** The same before defaults are filled in: what a caller writes. */
export type SessionRequest = z.input<typeof sessionInputSchema>;

/** What the session and its event log say of its repositories. */
export function repositoriesOf(input: SessionInput): { name: string; url: string; branch: string }[] {
  return input.repositories.map((repository) => ({
    name: repositoryNameOf(repository),
    url: repository.url,
    branch: repository.branch,
  }));
}

const longestName = 100;

export function haveDistinctNames(repositories: RepositoryRequest[]): boolean {
  return new Set(repositories.map(repositoryNameOf)).size === repositories.length;
}

/** The folder name of a repository under `/workspace`. A URL that is none is refused beside this. */
export function repositoryNameOf(repository: RepositoryRequest): string {
  if (repository.name !== undefined) return repository.name;
  const path = URL.parse(repository.url)?.pathname ?? '';
  const last = path.split('/').filter(Boolean).at(-1) ?? 'repository';
  return (
    last
      .replace(/\.git$/, '')
      .replaceAll(/[^A-Za-z0-9._-]/g, '-')
      .replace(/^[.-]+/, '')
      .slice(0, longestName) || 'repository'
  );
}
