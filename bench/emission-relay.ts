/**
 * A loopback relay in front of the scripted model that notes when requests come and when each piece of text leaves: the
 * true beginning of a delay, on the clock of the process that also follows the events. Everything is passed on as it is,
 * chunk by chunk.
 */
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

export type EmissionRelay = {
  url: string;
  /** When requests for an answer came, of `performance.now()`; newest last. */
  requests: number[];
  /** When pieces of text left. */
  pieces: { text: string; atMs: number }[];
  forget(): void;
  close(): Promise<void>;
};

const textDelta = z.object({ delta: z.object({ type: z.literal('text_delta'), text: z.string() }) });

export async function startEmissionRelay(modelUrl: string): Promise<EmissionRelay> {
  const requests: number[] = [];
  const pieces: { text: string; atMs: number }[] = [];
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/v1/messages') === true) requests.push(performance.now());
    relay(modelUrl, { request, response, pieces });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    pieces,
    forget: () => {
      requests.length = 0;
      pieces.length = 0;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

type Exchange = Pick<EmissionRelay, 'pieces'> & { request: IncomingMessage; response: ServerResponse };

function relay(modelUrl: string, { request, response, pieces }: Exchange): void {
  const { method, headers } = request;
  const upstream = httpRequest(new URL(request.url ?? '/', modelUrl), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    let rest = '';
    answer.on('data', (chunk: Buffer) => {
      const atMs = performance.now();
      response.write(chunk);
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines.flatMap(textIn)) pieces.push({ text, atMs });
    });
    answer.on('end', () => response.end());
    answer.on('error', () => response.destroy());
  });
  upstream.on('error', () => response.destroy());
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}

function textIn(line: string): string[] {
  if (!line.startsWith('data: ') || !line.includes('text_delta')) return [];
  const parsed = textDelta.safeParse(JSON.parse(line.slice('data: '.length)));
  return parsed.success ? [parsed.data.delta.text] : [];
}
