/** Modal's protocol, as far as it is served here, from the proto files. */
import { join } from 'node:path';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import type { RpcError } from './rpc-error.ts';

export const protoDirectory = join(import.meta.dirname, '..', 'proto');

// No defaults: a field is there exactly when the caller set it, which is how unsupported options are noticed.
const definitions: PackageDefinition = loadSync(['control-plane.proto', 'command-router.proto'], {
  includeDirs: [protoDirectory],
  longs: Number,
  enums: Number,
  defaults: false,
});

export const controlPlaneDefinition = serviceOf('modal.client.ModalClient');
export const commandRouterDefinition = serviceOf('modal.task_command_router.TaskCommandRouter');

/** The value of `grpc-status-details-bin` that the SDK takes for a throttle hint. */
export function encodeRetryPolicy(error: RpcError): Buffer {
  const policy = encode('RPCRetryPolicy', { retryAfterSecs: error.retryAfterSeconds ?? 0 });
  return encode('RPCStatus', {
    code: error.code,
    message: error.message,
    details: [{ typeUrl: 'type.googleapis.com/modal.client.RPCRetryPolicy', value: policy }],
  });
}

function serviceOf(name: string): ServiceDefinition {
  const definition = definitions[name];
  if (definition === undefined || 'format' in definition) throw new Error(`${name} is not a service`);
  return definition;
}

function encode(message: string, value: object): Buffer {
  const definition = definitions[`modal.client.${message}`];
  if (definition === undefined || !('serialize' in definition))
    throw new Error(`${message} is not a message`);
  return (definition as MessageTypeDefinition<object, object>).serialize(value);
}
