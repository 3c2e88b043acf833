/** What belongs to an account and not to one sandbox or image. */
import { idFromContent } from '../disk/ids.ts';
import { unary, type Handlers } from '../rpc/handler.ts';
import { notFound } from '../rpc/rpc-error.ts';
import type { Tokens } from '../rpc/tokens.ts';
import { environmentOf, type Apps } from './apps.ts';
import * as requests from './control-plane-requests.ts';
import type { Secrets } from './secrets.ts';

type Parts = { tokens: Tokens; apps: Apps; secrets: Secrets };

/** Recorded in image requests by the SDK; it changes nothing here. */
const currentImageBuilderVersion = '2025.06';

/** Tokens, environments, apps and secrets. */
export function accountService({ tokens, apps, secrets }: Parts): Handlers {
  return {
    AuthTokenGet: unary(requests.authTokenGet, () => ({ token: tokens.issueClientToken() })),
    EnvironmentGetOrCreate: unary(requests.environmentGetOrCreate, ({ deploymentName }) => {
      const name = environmentOf(deploymentName);
      const metadata = { name, settings: { imageBuilderVersion: currentImageBuilderVersion } };
      return { environmentId: idFromContent('en', [name]), metadata };
    }),
    AppGetOrCreate: unary(requests.appGetOrCreate, ({ appName, environmentName, objectCreationType }) => {
      if (objectCreationType === requests.createIfMissing) {
        return { appId: apps.findOrCreate(environmentName, appName) };
      }
      const appId = apps.find(environmentName, appName);
      if (appId === undefined) throw notFound(`App '${appName}' not found`);
      return { appId };
    }),
    SecretGetOrCreate: unary(requests.secretGetOrCreate, (request) => ({
      secretId:
        request.objectCreationType === requests.ephemeralKind
          ? secrets.addEphemeral(request.envDict)
          : secrets.idOfNamed({ ...request, name: request.deploymentName }),
    })),
    SecretDelete: unary(requests.secretDelete, ({ secretId }) => {
      secrets.delete(secretId);
      return {};
    }),
  };
}
