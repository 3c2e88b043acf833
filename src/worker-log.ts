/** The worker's log: JSON lines on stderr, each through the redactor (I8). */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Config } from './config.ts';
import { createRedactor } from './secrets/redaction.ts';

/** Once per process, before anything of Temporal's native part is used. */
export function installRuntime(config: Config): void {
  const redactor = createRedactor({ values: config.credentialVariables.values() });
  const logger = new DefaultLogger(logLevels[config.logLevel], (entry) => {
    const line = {
      at: new Date(Number(entry.timestampNanos / 1_000_000n)).toISOString(),
      level: entry.level,
      message: entry.message,
      ...entry.meta,
    };
    process.stderr.write(`${redactor.text(JSON.stringify(line, errorsToo))}\n`);
  });
  Runtime.install({ logger });
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
