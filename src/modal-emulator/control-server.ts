/**
 * The emulator's own HTTP interface, for processes that drive it from outside: tests that run it as a program, and the development stack.
 * Its address contains a random part that nobody else knows, because processes in sandboxes share this machine's network.
 *
 *   POST <controlUrl>/faults   one of the faults below           GET <controlUrl>/calls   the RPCs made so far
 *   POST <controlUrl>/secrets  { name, values, environmentName? }
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { status } from '@grpc/grpc-js';
import * as z from 'zod';
import { randomText } from './disk/ids.ts';
import type { Faults } from './faults.ts';
import type { StatusName } from './rpc/rpc-error.ts';

const rpc = z.string().min(1);
const times = z.int().positive();
const statusName = z.custom<StatusName>((name) => typeof name === 'string' && name in status).optional();

const faultSchema = z.discriminatedUnion('fault', [
  z.strictObject({ fault: z.literal('delay'), rpc, delayMs: z.number().positive(), times: times.optional() }),
  z.strictObject({ fault: z.literal('fail'), rpc, times, statusName }),
  z.strictObject({ fault: z.literal('loseAnswer'), rpc, times, statusName }),
  z.strictObject({ fault: z.literal('throttle'), rpc, times, retryAfterSeconds: z.number().positive() }),
  z.strictObject({ fault: z.literal('cutRouterConnections') }),
  z.strictObject({ fault: z.literal('cutControlPlaneConnections') }),
  z.strictObject({ fault: z.literal('expireRouterTokens') }),
  z.strictObject({ fault: z.literal('killSandbox'), sandboxId: z.string() }),
  z.strictObject({ fault: z.literal('announce'), url: z.url() }),
  z.strictObject({ fault: z.literal('clear') }),
]);
type Fault = z.output<typeof faultSchema>;

const secretSchema = z.strictObject({
  name: z.string().min(1),
  values: z.record(z.string(), z.string()),
  environmentName: z.string().optional(),
});

export type ControlTargets = {
  faults: Faults;
  setSecret: (name: string, values: Record<string, string>, environmentName?: string) => void;
};

export class ControlServer {
  readonly #server: Server;
  readonly #prefix = `/${randomText(22)}`;
  readonly #targets: ControlTargets;

  constructor(targets: ControlTargets) {
    this.#targets = targets;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Listens on loopback; port 0 takes a free one. Resolves to the URL. */
  async listen(port: number): Promise<string> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
    return `http://127.0.0.1:${address.port}${this.#prefix}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const result = await this.#dispatch(`${request.method} ${request.url}`, request);
      response.writeHead(result === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(result ?? { error: 'not found' }));
    } catch (error) {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }));
    }
  }

  async #dispatch(route: string, request: IncomingMessage): Promise<object | undefined> {
    switch (route) {
      case `GET ${this.#prefix}/calls`:
        return this.#targets.faults.calls;
      case `POST ${this.#prefix}/faults`:
        return this.#strike(faultSchema.parse(JSON.parse(await text(request))));
      case `POST ${this.#prefix}/secrets`: {
        const { name, values, environmentName } = secretSchema.parse(JSON.parse(await text(request)));
        this.#targets.setSecret(name, values, environmentName);
        return {};
      }
      default:
        return undefined;
    }
  }

  async #strike(request: Fault): Promise<object> {
    const { faults } = this.#targets;
    switch (request.fault) {
      case 'delay':
        faults.delay(request.rpc, request.delayMs, request.times);
        return {};
      case 'fail':
        faults.fail(request.rpc, request.times, request.statusName);
        return {};
      case 'loseAnswer':
        faults.loseAnswer(request.rpc, request.times, request.statusName);
        return {};
      case 'throttle':
        faults.throttle(request.rpc, request.retryAfterSeconds, request.times);
        return {};
      case 'cutRouterConnections':
        return { cut: faults.cutRouterConnections() };
      case 'cutControlPlaneConnections':
        return { cut: faults.cutControlPlaneConnections() };
      case 'expireRouterTokens':
        faults.expireRouterTokens();
        return {};
      case 'killSandbox':
        await faults.killSandbox(request.sandboxId);
        return {};
      case 'announce':
        faults.announceTo(request.url);
        return {};
      case 'clear':
        faults.clear();
        return {};
    }
  }
}
