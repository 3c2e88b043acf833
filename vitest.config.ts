import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // The Temporal native module crashes in worker threads: every test file gets a process of its own.
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    exclude: ['test/live/**'],
    reporters: ['default', './test/support/closing-line.ts'],
    // Files share two cores with real servers and sandboxes.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 300_000,
    // The SDK's own log is noise here; a failing test prints what it knows.
    silent: 'passed-only',
  },
});
