import { defineConfig } from 'vitest/config';

/** `npm run test:live`: against Modal's cloud, with MODAL_TOKEN_ID and MODAL_TOKEN_SECRET in the environment. */
export default defineConfig({
  test: {
    pool: 'forks',
    include: ['test/live/**/*.live.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
