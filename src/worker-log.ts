/** The worker's log: JSON lines on stderr, the native part's among them, each through the redactor (I8). */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { NativeConnectionOptions } from '@temporalio/worker';
import type { Config } from './config.ts';
import { createRedactor } from './secrets/redaction.ts';
import type { SealingKeys } from './secrets/sealing.ts';

/** Every secret that the worker itself was given. */
export function secretsOf(parts: {
  config: Config;
  keys: SealingKeys;
  temporal: Pick<NativeConnectionOptions, 'apiKey' | 'tls'>;
}): string[] {
  const { config, keys, temporal } = parts;
  const tlsKey = typeof temporal.tls === 'object' ? temporal.tls?.clientCertPair?.key : undefined;
  return [
    ...config.credentialVariables.values(),
    config.claudeCredential,
    config.modal.credentials?.tokenSecret,
    ...keys.secretTexts(),
    temporal.apiKey,
    tlsKey === undefined ? undefined : new TextDecoder().decode(tlsKey),
  ].filter((value) => value !== undefined);
}

/**
 * For lines that may be about any session. `openedIn` gives the values of open sessions that stand in the text; they are
 * replaced together with `values`, so that one session's value cannot cut another's in two.
 */
export function createLogRedactor(parts: {
  values: readonly string[];
  openedIn: (text: string) => readonly string[];
}): (text: string) => string {
  const { values, openedIn } = parts;
  const own = createRedactor({ values });
  return (text) => {
    const opened = openedIn(text);
    return opened.length === 0
      ? own.text(text)
      : createRedactor({ values: [...values, ...opened] }).text(text);
  };
}

/** The redactor from the process's first line on: it passes the shapes alone until it has learned what the secrets are. */
export class LogRedaction {
  #redact = createLogRedactor({ values: [], openedIn: () => [] });

  readonly text = (text: string): string => this.#redact(text);

  learn(parts: Parameters<typeof createLogRedactor>[0]): void {
    this.#redact = createLogRedactor(parts);
  }
}

/** Once per process, before anything of Temporal's native part is used. */
export function installRuntime(options: {
  logLevel: Config['logLevel'];
  redact: (text: string) => string;
}): void {
  const { logLevel, redact } = options;
  const logger = new DefaultLogger(logLevels[logLevel], (entry) => {
    const line = {
      at: new Date(Number(entry.timestampNanos / 1_000_000n)).toISOString(),
      level: entry.level,
      message: entry.message,
      ...entry.meta,
    };
    process.stderr.write(`${redact(JSON.stringify(line, errorsToo))}\n`);
  });
  Runtime.install({ logger, telemetryOptions: { logging: { forward: {} } } });
}

/** An error's own fields are not enumerable: JSON would show `{}`. */
function errorsToo(_: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return {
    name: value.name,
    message: value.message,
    stack: value.stack,
    ...(value.cause === undefined ? {} : { cause: value.cause }),
  };
}

const logLevels = { debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR' } as const;
