/**
 * One gRPC port in plaintext HTTP/2, as the SDK dials a server on 127.0.0.1. It owns its sockets, so that tests can cut them.
 */
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import type { Gate } from './gate.ts';
import type { Handlers } from './handler.ts';
import { toGrpcImplementation } from './grpc-implementation.ts';

/** The SDK's own limit for a message. */
const maxMessageBytes = 100 * 1024 * 1024;

export class RpcServer {
  readonly #grpc: Server;
  readonly #listener: NetServer;
  readonly #sockets = new Set<Socket>();

  constructor(definition: ServiceDefinition, handlers: Handlers, gate: Gate) {
    this.#grpc = new Server({
      'grpc.max_receive_message_length': maxMessageBytes,
      'grpc.max_send_message_length': maxMessageBytes,
      'grpc-node.flow_control_window': 16 * 1024 * 1024,
    });
    this.#grpc.addService(definition, toGrpcImplementation(definition, handlers, gate));
    const injector = this.#grpc.createConnectionInjector(ServerCredentials.createInsecure());
    this.#listener = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      injector.injectConnection(socket);
    });
  }

  /** Listens on loopback only; port 0 takes a free one. Resolves to the port. */
  async listen(port: number): Promise<number> {
    this.#listener.listen(port, '127.0.0.1');
    await once(this.#listener, 'listening');
    const address = this.#listener.address();
    if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
    return address.port;
  }

  /** Resets every open connection, as a failing network would. New ones are accepted at once. Returns how many were cut. */
  cutConnections(): number {
    const open = [...this.#sockets];
    for (const socket of open) socket.resetAndDestroy();
    return open.length;
  }

  close(): void {
    this.#listener.close();
    this.#grpc.forceShutdown();
    for (const socket of this.#sockets) socket.destroy();
  }
}
