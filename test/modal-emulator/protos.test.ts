import { join } from 'node:path';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { protoDirectory } from '../../src/modal-emulator/rpc/protos.ts';
import * as controlPlane from '../../src/modal-emulator/services/control-plane-requests.ts';
import * as router from '../../src/modal-emulator/services/router-requests.ts';
import { readMessage, readRpc, type BundleField } from './support/sdk-bundle.ts';

const root = new protobuf.Root();
root.resolvePath = (_origin, target) =>
  target.startsWith('google/') ? null : join(protoDirectory, target.split('/').at(-1) ?? target);
root.loadSync(['control-plane.proto', 'command-router.proto']).resolveAll();

const methods = [
  ...root.lookupService('modal.client.ModalClient').methodsArray,
  ...root.lookupService('modal.task_command_router.TaskCommandRouter').methodsArray,
];
const emptyMessage = 'google.protobuf.Empty';
const served = methods.filter((method) => method.requestType !== emptyMessage);
const types = ['modal.client', 'modal.task_command_router'].flatMap((name) =>
  (root.lookup(name) as protobuf.Namespace).nestedArray.filter((one) => one instanceof protobuf.Type),
);

const nameOf = (type: string): string => type.slice(type.lastIndexOf('.') + 1);

/** What a field of ours should look like in the bundle; refused messages are declared as bytes. */
function differences(type: protobuf.Type, field: protobuf.Field, bundle: readonly BundleField[]): string[] {
  const where = `${type.name}.${field.name} = ${field.id}`;
  const theirs = bundle.find((one) => one.number === field.id);
  if (theirs === undefined) return [`${where} is not in the SDK`];
  // The bundle keeps the capital of one name.
  if (theirs.name.toLowerCase() !== field.name.toLowerCase())
    return [`${where} is ${theirs.name} in the SDK`];
  if (field.map !== theirs.isMap && field.type !== 'bytes') return [`${where} is a map on one side only`];
  if (!theirs.isMap && field.repeated !== theirs.isRepeated) return [`${where} is repeated on one side only`];
  if (field.type === 'bytes')
    return theirs.wireType === 2 ? [] : [`${where} has wire type ${theirs.wireType}`];
  const expected = field.map ? 'map' : nameOf(field.type);
  return expected === theirs.type ? [] : [`${where} is ${field.type} here, ${theirs.type} in the SDK`];
}

function messagesReachedFrom(type: protobuf.Type, seen = new Set<protobuf.Type>()): Set<protobuf.Type> {
  if (seen.has(type)) return seen;
  seen.add(type);
  for (const field of type.fieldsArray) {
    if (field.resolvedType instanceof protobuf.Type) messagesReachedFrom(field.resolvedType, seen);
  }
  return seen;
}

describe('the protocol definitions', () => {
  test('have every field under the number, name and type that the installed SDK has', () => {
    const found = types.flatMap((type) => {
      const bundle = readMessage(type.name);
      if (bundle === undefined) return type.name === 'Any' ? [] : [`${type.name} is not in the SDK`];
      return type.fieldsArray.flatMap((field) => differences(type, field, bundle));
    });
    expect(found).toEqual([]);
    expect(types.length).toBeGreaterThan(70);
  });

  test('have every RPC with the messages and directions of the installed SDK', () => {
    const found = methods.flatMap((method) => {
      const theirs = readRpc(method.name);
      if (theirs === undefined) return [`${method.name} is not in the SDK`];
      const streams =
        theirs.requestStream === (method.requestStream ?? false) &&
        theirs.responseStream === (method.responseStream ?? false);
      const isRefused = method.requestType === emptyMessage;
      const messages =
        isRefused ||
        (theirs.request === nameOf(method.requestType) && theirs.response === nameOf(method.responseType));
      return streams && messages ? [] : [`${method.name}: ${JSON.stringify(theirs)}`];
    });
    expect(found).toEqual([]);
  });

  test('know every field that the SDK can set in a request, so that none is ignored unseen', () => {
    const requests = new Set(
      served.flatMap((m) => [...messagesReachedFrom(root.lookupType(nameIn(m.requestType)))]),
    );
    const unknown = [...requests].flatMap((type) =>
      (readMessage(type.name) ?? [])
        .filter((field) => type.fieldsById[field.number] === undefined)
        .map((field) => `${type.name}.${field.name}`),
    );
    expect(unknown).toEqual([]);
    expect(requests.size).toBeGreaterThan(30);
  });

  test('have a field for everything that the request schemas speak of', () => {
    const schemas: Record<string, z.ZodType> = {
      AppGetOrCreateRequest: controlPlane.appGetOrCreate,
      AuthTokenGetRequest: controlPlane.authTokenGet,
      EnvironmentGetOrCreateRequest: controlPlane.environmentGetOrCreate,
      ImageFromIdRequest: controlPlane.imageById,
      ImageDeleteRequest: controlPlane.imageById,
      ImageGetOrCreateRequest: controlPlane.imageGetOrCreate,
      ImageJoinStreamingRequest: controlPlane.imageJoinStreaming,
      SandboxCreateV2Request: controlPlane.sandboxCreate,
      SandboxGetFromNameRequest: controlPlane.sandboxGetFromName,
      SandboxGetTaskIdRequest: controlPlane.sandboxGetTaskId,
      SandboxListRequest: controlPlane.sandboxList,
      SandboxSetNameRequest: controlPlane.sandboxSetName,
      SandboxTagsGetRequest: controlPlane.sandboxById,
      SandboxTagsSetRequest: controlPlane.sandboxTagsSet,
      SandboxTerminateRequest: controlPlane.sandboxById,
      SandboxWaitRequest: controlPlane.sandboxWait,
      SecretDeleteRequest: controlPlane.secretDelete,
      SecretGetOrCreateRequest: controlPlane.secretGetOrCreate,
      VolumeDeleteRequest: controlPlane.volumeById,
      VolumeGetOrCreateRequest: controlPlane.volumeGetOrCreate,
      VolumeHeartbeatRequest: controlPlane.volumeById,
      SandboxGetCommandRouterAccessRequest: controlPlane.sandboxById,
      SandboxStdinWriteV2Request: router.sandboxStdinWrite,
      SandboxStdioReadV2Request: router.sandboxStdioRead,
      TaskExecPollRequest: router.execById,
      TaskExecStartRequest: router.execStart,
      TaskExecStdinStatusRequest: router.execById,
      TaskExecStdinWriteRequest: router.execStdinWrite,
      TaskExecStdinWriteStreamRequest: router.execStdinWriteStream,
      TaskExecStdioReadRequest: router.execStdioRead,
      TaskExecWaitRequest: router.execById,
      TaskReloadVolumesRequest: router.reloadVolumes,
      TaskSnapshotFilesystemRequest: router.snapshotFilesystem,
    };
    const missing = Object.entries(schemas).flatMap(([name, schema]) => unknownKeys(schema, typeNamed(name)));
    expect(missing).toEqual([]);
    const requests = new Set(served.map((method) => nameOf(method.requestType)));
    expect(Object.keys(schemas).sort()).toEqual([...requests].sort());
  });
});

function nameIn(type: string): string {
  return types.find((one) => one.name === nameOf(type))?.fullName ?? type;
}

function typeNamed(name: string): protobuf.Type {
  return root.lookupType(nameIn(name));
}

/** Keys of a strict object schema, and of the objects inside, that the message has no field for. */
function unknownKeys(schema: z.ZodType, type: protobuf.Type): string[] {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([key, value]) => {
    const field = type.fieldsArray.find((one) => one.name === key);
    if (field === undefined) return [`${type.name}.${key}`];
    return field.resolvedType instanceof protobuf.Type ? unknownKeys(value, field.resolvedType) : [];
  });
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return unwrap(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodPipe) return unwrap(schema.in as z.ZodType);
  if (schema instanceof z.ZodArray) return unwrap(schema.element as z.ZodType);
  return schema;
}
