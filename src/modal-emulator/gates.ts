/** Who may call: the tokens of both services, and the faults that strike a call before and after its handler. */
import type { Faults } from './faults.ts';
import type { Gate } from './rpc/gate.ts';
import type { CallContext } from './rpc/handler.ts';
import { RpcError } from './rpc/rpc-error.ts';
import type { Tokens } from './rpc/tokens.ts';

export type Credentials = { tokenId: string; tokenSecret: string };

/** Any token id and secret are good unless there are credentials to compare with; they are exchanged for a token of ours. */
export function controlPlaneGate(tokens: Tokens, faults: Faults, credentials?: Credentials): Gate {
  return gate(faults, (context) => {
    const tokenId = header(context, 'x-modal-token-id');
    const tokenSecret = header(context, 'x-modal-token-secret');
    if (tokenId === '' || tokenSecret === '') {
      throw new RpcError('UNAUTHENTICATED', 'a token id and a token secret are needed');
    }
    if (
      credentials !== undefined &&
      (tokenId !== credentials.tokenId || tokenSecret !== credentials.tokenSecret)
    ) {
      throw new RpcError('UNAUTHENTICATED', 'the token id or the token secret is wrong');
    }
    if (context.rpc !== 'AuthTokenGet' && !tokens.isValidClientToken(header(context, 'x-modal-auth-token'))) {
      throw new RpcError('UNAUTHENTICATED', 'the client token is missing, unknown or past its time');
    }
  });
}

export function routerGate(tokens: Tokens, faults: Faults): Gate {
  return gate(faults, (context) => {
    sandboxOfCaller(tokens, context);
  });
}

/** The sandbox that a router call's token opens. */
export function sandboxOfCaller(tokens: Tokens, context: CallContext): string {
  const token = header(context, 'authorization').replace(/^Bearer /, '');
  const sandboxId = tokens.sandboxOfRouterToken(token);
  if (sandboxId === undefined) {
    throw new RpcError('UNAUTHENTICATED', 'the router token is missing, unknown or past its time');
  }
  return sandboxId;
}

function gate(faults: Faults, authorize: (context: CallContext) => void): Gate {
  return {
    enter: async (context) => {
      faults.record(context);
      authorize(context);
      await faults.beforeCall(context);
    },
    leave: async (context) => faults.afterCall(context),
  };
}

function header(context: CallContext, name: string): string {
  return context.metadata.get(name)[0]?.toString() ?? '';
}
