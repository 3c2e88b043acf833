/** What workers in a test's own process log: shown with a test that failed, and not otherwise. */
import { DefaultLogger, Runtime } from '@temporalio/worker';

export const temporalLogger = new DefaultLogger('INFO', ({ level, message, meta }) => {
  // Through the console, which vitest keeps until it knows how the test ended.
  console.log(`temporal: ${level} ${message}`, meta ?? '');
});

// Once per process, before anything of Temporal's native part is used.
Runtime.install({ logger: temporalLogger });
