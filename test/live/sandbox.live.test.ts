/** The sandbox port on Modal's cloud. Only by `npm run test:live`; costs a few cents. */
import { describe } from 'vitest';
import { createModalProvider } from '../../src/sandbox/modal-provider.ts';
import { testSandboxProvider } from '../sandbox/conformance.ts';

const { MODAL_TOKEN_ID: tokenId, MODAL_TOKEN_SECRET: tokenSecret } = process.env;
const credentials = tokenId !== undefined && tokenSecret !== undefined ? { tokenId, tokenSecret } : undefined;

describe.skipIf(credentials === undefined)("the Modal adapter on Modal's cloud", () => {
  testSandboxProvider({
    open: async () => {
      const provider = createModalProvider({
        credentials: credentials ?? { tokenId: '', tokenSecret: '' },
        appName: 'harvest-conformance',
        log: (message) => process.stderr.write(`${message}\n`),
      });
      const image = await provider.buildImage({ from: 'debian:bookworm-slim', commands: [] }, () => {});
      return { provider, image, close: () => provider.close() };
    },
  });
});
