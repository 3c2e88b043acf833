import { defineConfig } from 'vitest/config';

/** Files that share one stack: Temporal, Local Modal with the base image, the scripted model and a git server. */
const onStack = ['test/session/**/*.test.ts', 'test/contract-page/**/*.test.ts'];

export default defineConfig({
  test: {
    // The Temporal native module crashes in worker threads: every test file gets a process of its own.
    pool: 'forks',
    reporters: ['default', './test/support/closing-line.ts'],
    // Files share two cores with real servers and sandboxes.
    maxWorkers: 2,
    // A failing test prints what it knows.
    silent: 'passed-only',
    // Long waits cost nothing when all is well; a busy machine needs them.
    expect: { poll: { timeout: 60_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: [...onStack, 'test/live/**'],
          globalSetup: './test/support/machine-setup.ts',
          testTimeout: 180_000,
          hookTimeout: 600_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'sessions',
          include: onStack,
          globalSetup: ['./test/support/machine-setup.ts', './test/support/stack-setup.ts'],
          testTimeout: 400_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
