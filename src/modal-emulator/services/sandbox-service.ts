/** The RPCs of sandboxes as a whole: create, find, list, wait, end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { unary, type Handlers } from '../rpc/handler.ts';
import { invalid, notFound } from '../rpc/rpc-error.ts';
import type { SandboxRegistry } from '../sandboxes/registry.ts';
import { terminated } from '../sandboxes/result.ts';
import type { SandboxRecord } from '../sandboxes/sandbox-record.ts';
import { environmentOf, type Apps } from './apps.ts';
import * as requests from './control-plane-requests.ts';
import { Idempotency } from './idempotency.ts';
import type { Secrets } from './secrets.ts';

export type SandboxServiceParts = {
  registry: SandboxRegistry;
  apps: Apps;
  secrets: Secrets;
  routerAccess: (sandboxId: string) => { jwt: string; url: string };
};

const listPage = 10;

export function sandboxService(parts: SandboxServiceParts): Handlers {
  const { registry, apps } = parts;
  return {
    ...creation(parts),
    ...names(parts),
    SandboxGetTaskIdV2: unary(requests.sandboxGetTaskId, ({ sandboxId }) => {
      const { taskId, result } = registry.record(sandboxId);
      return result === null ? { taskId } : { taskResult: result };
    }),
    SandboxGetCommandRouterAccess: unary(requests.sandboxById, ({ sandboxId }) => {
      registry.record(sandboxId);
      return parts.routerAccess(sandboxId);
    }),
    SandboxWaitV2: unary(requests.sandboxWait, async ({ sandboxId, timeout }, { signal }) => {
      const record = registry.record(sandboxId);
      const sandbox = await registry.started(sandboxId);
      if (record.result === null && sandbox !== undefined && timeout > 0) {
        await Promise.race([
          sandbox.ended,
          sleep(timeout * 1000, undefined, { signal, ref: false }).catch(() => undefined),
        ]);
      }
      // An absent result means that it is running; an empty one would end the SDK's wait.
      return { ...resultOf(record), metadata: { appId: record.appId } };
    }),
    SandboxTerminateV2: unary(requests.sandboxById, async ({ sandboxId }) => {
      const record = registry.record(sandboxId);
      const existing = record.result === null ? {} : { existingResult: record.result };
      const sandbox = await registry.started(sandboxId);
      await sandbox?.end(terminated('terminated'));
      return existing;
    }),
    SandboxListV2: unary(requests.sandboxList, (request) => {
      if (request.appId !== '' && !apps.exists(request.appId))
        throw invalid(`App ${request.appId} not found`);
      const environment = environmentOf(request.environmentName);
      const matching = registry
        .newestFirst()
        .filter(
          (record) =>
            (request.includeFinished || record.result === null) &&
            (request.appId === ''
              ? apps.environmentOf(record.appId) === environment
              : record.appId === request.appId) &&
            (request.beforeTimestamp === 0 || record.createdAtSeconds < request.beforeTimestamp) &&
            Object.entries(request.tags).every(([name, value]) => record.tags[name] === value),
        );
      return { sandboxes: matching.slice(0, listPage).map(toInfo) };
    }),
    SandboxTagsGetV2: unary(requests.sandboxById, ({ sandboxId }) => ({
      tags: toTagList(registry.record(sandboxId).tags),
    })),
    SandboxTagsSetV2: unary(requests.sandboxTagsSet, ({ sandboxId, tags }) => {
      registry.setTags(registry.record(sandboxId), tags);
      return {};
    }),
  };
}

function creation({ registry, apps, secrets, routerAccess }: SandboxServiceParts): Handlers {
  const idempotency = new Idempotency();
  return {
    SandboxCreateV2: unary(requests.sandboxCreate, async (request, context) =>
      idempotency.once(context, async () => {
        const { definition, appId } = request;
        if (!apps.exists(appId)) throw notFound(`App ${appId} not found`);
        const sandbox = await registry.create({
          appId,
          imageId: definition.imageId,
          name: definition.name ?? null,
          tags: request.tags,
          timeoutSeconds: definition.timeoutSecs,
          idleTimeoutSeconds: definition.idleTimeoutSecs ?? null,
          entrypoint: definition.entrypointArgs,
          workdir: definition.workdir,
          volumes: definition.volumeMounts,
          env: {
            ...secrets.resolve(definition.secretIds, request.secretSources),
            ...request.ephemeralSecrets?.contents,
          },
        });
        const { sandboxId, taskId } = sandbox.record;
        return { sandboxId, taskId, metadata: { appId }, commandRouterAccess: routerAccess(sandboxId) };
      }),
    ),
  };
}

function names({ registry, apps }: SandboxServiceParts): Handlers {
  return {
    SandboxSetName: unary(requests.sandboxSetName, ({ sandboxId, name }) => {
      registry.setName(registry.record(sandboxId), name);
      return {};
    }),
    SandboxGetFromNameV2: unary(requests.sandboxGetFromName, (request) => {
      const appId = apps.find(request.environmentName, request.appName);
      if (appId === undefined) throw notFound(`App '${request.appName}' not found`);
      const record = registry.findByName(appId, request.sandboxName, request.includeTerminated);
      if (record === undefined) throw notFound(`no sandbox named '${request.sandboxName}'`);
      return { sandboxId: record.sandboxId, metadata: { appId, ...resultOf(record) } };
    }),
    // The older backend, which the SDK asks after the newer one.
    SandboxGetFromName: unary(requests.sandboxGetFromName, ({ sandboxName }) => {
      throw notFound(`no sandbox named '${sandboxName}'`);
    }),
  };
}

function resultOf(record: SandboxRecord): object {
  return record.result === null ? {} : { result: record.result };
}

function toInfo(record: SandboxRecord): object {
  return {
    id: record.sandboxId,
    createdAt: record.createdAtSeconds,
    appId: record.appId,
    tags: toTagList(record.tags),
    name: record.name ?? '',
    imageId: record.imageId,
    timeoutSecs: record.timeoutSeconds,
    idleTimeoutSecs: record.idleTimeoutSeconds ?? 0,
  };
}

function toTagList(tags: Readonly<Record<string, string>>): { tagName: string; tagValue: string }[] {
  return Object.entries(tags).map(([tagName, tagValue]) => ({ tagName, tagValue }));
}
