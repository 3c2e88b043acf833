/** Every RPC of both services, with its handler. */
import type { Parts } from '../assembly.ts';
import { sandboxOfCaller } from '../gates.ts';
import type { Handlers } from '../rpc/handler.ts';
import { accountService } from './account-service.ts';
import { imageService } from './image-service.ts';
import { refusedByControlPlane, refusedByRouter } from './refused.ts';
import { routerService } from './router-service.ts';
import { sandboxService } from './sandbox-service.ts';
import { volumeService } from './volume-service.ts';

export function controlPlaneHandlers(parts: Parts, routerUrl: string): Handlers {
  return {
    ...refusedByControlPlane,
    ...accountService(parts),
    ...volumeService(parts),
    ...imageService({ ...parts, store: parts.images }),
    ...sandboxService({
      ...parts,
      routerAccess: (sandboxId) => ({ jwt: parts.tokens.issueRouterToken(sandboxId), url: routerUrl }),
    }),
  };
}

export function routerHandlers(parts: Parts): Handlers {
  return {
    ...refusedByRouter,
    ...routerService({ ...parts, callerOf: (context) => sandboxOfCaller(parts.tokens, context) }),
  };
}
