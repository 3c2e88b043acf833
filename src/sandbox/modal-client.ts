/** The SDK's client, on Modal's cloud or on the local emulator. */
// oxlint-disable-next-line eslint/no-restricted-imports -- written for a moment, see withServerUrl; nothing is configured by it
import { env } from 'node:process';
import { ModalClient } from 'modal';
import { callContextMiddleware } from './call-context.ts';

/** A throttled request is repeated by the SDK for so long, then it fails. Without it for ever. */
const maxThrottleWaitSeconds = 20;

export type ModalCredentials = { tokenId: string; tokenSecret: string };

export type ModalClientOptions = {
  /** Of the emulator. Modal's cloud when absent. */
  serverUrl?: string | undefined;
  credentials: ModalCredentials;
  /** Modal's environment; the account's default when absent. */
  environment?: string | undefined;
  /** Warnings of the SDK and of Modal. */
  log: (message: string) => void;
};

export function createModalClient({
  serverUrl,
  credentials,
  environment,
  log,
}: ModalClientOptions): ModalClient {
  const warn = (message: string) => {
    // Said for each sandbox of the emulator, whose router listens on loopback only.
    if (!message.startsWith('Using insecure TLS')) log(message);
  };
  const build = () =>
    new ModalClient({
      ...credentials,
      ...(environment !== undefined && { environment }),
      maxThrottleWaitSecs: maxThrottleWaitSeconds,
      grpcMiddleware: [callContextMiddleware],
      logger: { debug: () => {}, info: () => {}, warn, error: warn },
      logLevel: 'warn',
    });
  return serverUrl === undefined ? build() : withServerUrl(serverUrl, build);
}

/** The SDK takes its server from this variable alone, in the constructor: it is set for that moment only. */
function withServerUrl<T>(serverUrl: string, build: () => T): T {
  const before = env['MODAL_SERVER_URL'];
  env['MODAL_SERVER_URL'] = serverUrl;
  try {
    return build();
  } finally {
    if (before === undefined) delete env['MODAL_SERVER_URL'];
    else env['MODAL_SERVER_URL'] = before;
  }
}
