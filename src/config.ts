/**
 * The only reader of Harvest's own variables; parsed once, and an error names the variable. Temporal's are read by
 * `@temporalio/envconfig`, and the embedded stack hands its environment on to the processes it starts.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { defaultTaskQueue } from './contracts/names.ts';
import {
  CredentialGrants,
  InvalidGrant,
  credentialVariables,
  modalSecrets,
} from './secrets/credential-grants.ts';

const text = z.string().trim().min(1);

const wholeSeconds = (least: number) => z.coerce.number().int().min(least).max(86_400);

const clientSchema = z.object({
  HARVEST_DATA_DIR: text.optional(),
  HARVEST_TASK_QUEUE: text.default(defaultTaskQueue),
  HARVEST_SEALING_KEYS: text.optional(),
  XDG_DATA_HOME: text.optional(),
});

const environmentSchema = clientSchema.extend({
  HARVEST_MODEL_URL: z.url({ protocol: /^https?$/ }).default('https://api.anthropic.com'),
  HARVEST_CREDENTIAL_VARIABLES: text.default(
    'github:GITHUB_TOKEN@github.com,claude:CLAUDE_CODE_OAUTH_TOKEN,claude:ANTHROPIC_API_KEY',
  ),
  HARVEST_MODAL_SECRETS: text.default(''),
  HARVEST_MODAL_APP: text.default('harvest'),
  HARVEST_WORKFLOW_BUNDLE: text.optional(),
  HARVEST_DEPLOYMENT: text.optional(),
  HARVEST_BUILD_ID: text.optional(),
  HARVEST_REAPER_INTERVAL_SECONDS: wholeSeconds(1).default(300),
  HARVEST_REAPER_GRACE_SECONDS: wholeSeconds(0).default(600),
  HARVEST_REFRESH_INTERVAL_SECONDS: wholeSeconds(1).default(1_800),
  HARVEST_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  MODAL_SERVER_URL: text.optional(),
  MODAL_TOKEN_ID: text.optional(),
  MODAL_TOKEN_SECRET: text.optional(),
  MODAL_ENVIRONMENT: text.optional(),
  CLAUDE_CODE_OAUTH_TOKEN: text.optional(),
  ANTHROPIC_API_KEY: text.optional(),
  XDG_CACHE_HOME: text.optional(),
});

export type Config = {
  /** Holds the store and, unless `HARVEST_SEALING_KEYS` is set, the sealing key. */
  dataDirectory: string;
  /** Binaries and images that can be had again. */
  cacheDirectory: string;
  taskQueue: string;
  sealingKeys: string | undefined;
  modelUrl: string;
  /** The file that a worker from the sources would otherwise make when it starts. */
  workflowBundle: string | undefined;
  /** Which build of which deployment this worker is; one without takes part in no worker versioning. */
  version: { deploymentName: string; buildId: string } | undefined;
  /** How often it looks for sandboxes that nobody owns, and how long it must have seen one so before it ends it. */
  reaper: { intervalSeconds: number; graceSeconds: number };
  /** How often the heads of all repository sets are looked at. */
  refreshIntervalSeconds: number;
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Which of the worker's variables and named Modal secrets sessions may name as credentials, and where those are sent. */
  grants: { variables: CredentialGrants; modalSecrets: CredentialGrants };
  /** Values of the variables that `grants` has. */
  credentialVariables: ReadonlyMap<string, string>;
  modal: {
    appName: string;
    /** Of the local emulator; Modal's cloud without one. */
    serverUrl: string | undefined;
    environment: string | undefined;
    credentials: { tokenId: string; tokenSecret: string } | undefined;
  };
  claudeCredential: string | undefined;
};

/** What a client uses of it. */
export type ClientConfig = Pick<Config, 'dataDirectory' | 'taskQueue' | 'sealingKeys'>;

export class InvalidConfiguration extends Error {
  override readonly name = 'InvalidConfiguration';
}

/** @throws {InvalidConfiguration} naming the variable. */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const parsed = environmentSchema.safeParse(dropEmpty(environment));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new InvalidConfiguration(
      `environment variable ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`,
    );
  }
  const env = parsed.data;
  const grants = {
    variables: parseGrants(credentialVariables, env.HARVEST_CREDENTIAL_VARIABLES),
    modalSecrets: parseGrants(modalSecrets, env.HARVEST_MODAL_SECRETS),
  };
  const values = [...grants.variables.sources].flatMap((name): [string, string][] => {
    const value = environment[name]?.trim();
    return value ? [[name, value]] : [];
  });
  return {
    ...clientConfigOf(env),
    cacheDirectory: join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'harvest'),
    modelUrl: env.HARVEST_MODEL_URL,
    workflowBundle: env.HARVEST_WORKFLOW_BUNDLE,
    version: workerVersion(env.HARVEST_DEPLOYMENT, env.HARVEST_BUILD_ID),
    reaper: {
      intervalSeconds: env.HARVEST_REAPER_INTERVAL_SECONDS,
      graceSeconds: env.HARVEST_REAPER_GRACE_SECONDS,
    },
    refreshIntervalSeconds: env.HARVEST_REFRESH_INTERVAL_SECONDS,
    logLevel: env.HARVEST_LOG_LEVEL,
    grants,
    credentialVariables: new Map(values),
    modal: {
      appName: env.HARVEST_MODAL_APP,
      serverUrl: env.MODAL_SERVER_URL,
      environment: env.MODAL_ENVIRONMENT,
      credentials: modalCredentials(env.MODAL_TOKEN_ID, env.MODAL_TOKEN_SECRET),
    },
    claudeCredential: env.CLAUDE_CODE_OAUTH_TOKEN ?? env.ANTHROPIC_API_KEY,
  };
}

/** A client needs nothing of what is the worker's, and does not stumble over it; of its own nothing can be malformed. */
export function parseClientConfig(environment: Readonly<Record<string, string | undefined>>): ClientConfig {
  return clientConfigOf(clientSchema.parse(dropEmpty(environment)));
}

function clientConfigOf(env: z.output<typeof clientSchema>): ClientConfig {
  return {
    dataDirectory:
      env.HARVEST_DATA_DIR ?? join(env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'harvest'),
    taskQueue: env.HARVEST_TASK_QUEUE,
    sealingKeys: env.HARVEST_SEALING_KEYS,
  };
}

function parseGrants(kind: Parameters<typeof CredentialGrants.parse>[0], text: string): CredentialGrants {
  try {
    return CredentialGrants.parse(kind, text);
  } catch (error) {
    if (!(error instanceof InvalidGrant)) throw error;
    throw new InvalidConfiguration(`environment variable ${kind.setting}: ${error.message}`);
  }
}

function modalCredentials(
  tokenId: string | undefined,
  tokenSecret: string | undefined,
): { tokenId: string; tokenSecret: string } | undefined {
  if (tokenId === undefined && tokenSecret === undefined) return undefined;
  if (tokenId !== undefined && tokenSecret !== undefined) return { tokenId, tokenSecret };
  throw new InvalidConfiguration('MODAL_TOKEN_ID and MODAL_TOKEN_SECRET belong together: set both or none');
}

function workerVersion(deploymentName: string | undefined, buildId: string | undefined): Config['version'] {
  if (deploymentName === undefined && buildId === undefined) return undefined;
  if (deploymentName !== undefined && buildId !== undefined) return { deploymentName, buildId };
  throw new InvalidConfiguration('HARVEST_DEPLOYMENT and HARVEST_BUILD_ID belong together: set both or none');
}

/** The configuration of this process. */
export function readConfig(): Config {
  return parseConfig(process.env);
}

/** The same for a client in whatever process. */
export function readClientConfig(): ClientConfig {
  return parseClientConfig(process.env);
}

/** What this process hands on to those it starts. */
export function inheritedEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env };
}

/** A variable set to nothing counts as not set. */
function dropEmpty(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(environment).flatMap(([name, value]): [string, string][] =>
    value === undefined || value.trim() === '' ? [] : [[name, value]],
  );
  return Object.fromEntries(entries);
}
