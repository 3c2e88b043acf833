/** Images of repository sets. */
import { Context } from '@temporalio/activity';
import { failureTypes } from '../../../src/contracts/failures.ts';
import { fail } from '../../workflows/support/scripted-activities.ts';
import { command, nothingToDo } from '../../workflows/support/scripted-builds.ts';
import type { Scenarios } from '../support/scenario.ts';

export const builds: Scenarios = {
  build: () => ({
    shows:
      'an image that is built, proved and promoted, with a warning and a step that failed without ending it',
    workflow: 'buildRepoImage',
    build: {
      warnings: ['a lockfile is ignored'],
      steps: [command('install'), command('build', 'warn'), command('probe')],
      step: (name) =>
        name === 'build'
          ? { succeeded: false, durationMs: 1, message: 'no' }
          : { succeeded: true, durationMs: 1 },
    },
  }),
  'build-fails': () => ({
    shows: 'a build whose step fails: nothing is promoted',
    workflow: 'buildRepoImage',
    build: { step: () => ({ succeeded: false, durationMs: 1, message: 'no' }) },
  }),
  'build-canary-lost': () => ({
    shows: 'an image that no sandbox starts from',
    workflow: 'buildRepoImage',
    build: {
      start: (generation) => {
        if (generation === 2) fail(failureTypes.sandboxLost, 'gone');
      },
    },
  }),
  'build-kept': () => ({
    shows: 'nothing to build',
    workflow: 'buildRepoImage',
    build: { begin: () => ({ kind: 'kept', reason: 'nothing has changed' }) },
  }),
  'build-cancelled': () => {
    const { promise: running, resolve: begin } = Promise.withResolvers<void>();
    return {
      shows: 'a cancelled build ends as failed, and its sandbox with it',
      workflow: 'buildRepoImage',
      cancelled: running,
      build: {
        step: async () => {
          begin();
          for (;;) {
            Context.current().heartbeat();
            await Context.current().sleep(200);
          }
        },
      },
    };
  },
  refresh: () => ({
    shows: 'a refresh with a set to build, one that is gone, and one to keep',
    workflow: 'refreshRepoImages',
    build: {
      heads: () => ({
        ...nothingToDo,
        builds: [
          { setId: 'one', reason: 'head' },
          { setId: 'gone', reason: 'first' },
        ],
        kept: [{ setId: 'two', reason: 'nothing has changed' }],
      }),
      begin: (setId) =>
        setId === 'gone'
          ? fail(failureTypes.setNotFound, 'no such set')
          : { kind: 'kept', reason: 'built by somebody meanwhile' },
    },
  }),
};
