/**
 * Where the worker's interceptor and Local Modal announce what they are about to do, and are held: a loopback server that
 * answers when they may go on. Its path has a random part, because processes in sandboxes share this machine's network.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import * as z from 'zod';
import type { ActivityMoment, Points } from './points.ts';

const announcementSchema = z.union([
  z.object({
    id: z.string(),
    activity: z.string(),
    moment: z.enum(['start', 'end']),
  }) satisfies z.ZodType<ActivityMoment>,
  z.object({ rpc: z.string(), moment: z.enum(['call', 'answer']) }),
]);

/** Streams and questions: held before their answer, nothing is there that was not there before their call. */
const withoutEffect = /(?:Wait|Read|Get|List|Poll|Logs|Stat|Hello|ObjectExists|Heartbeat)/;

export type Gatekeeper = {
  url: string;
  /** Who counts the points from now on; null: nobody. */
  serve(points: Points | null): void;
  close(): Promise<void>;
};

export async function startGatekeeper(): Promise<Gatekeeper> {
  const path = `/${randomBytes(12).toString('hex')}`;
  let points: Points | null = null;
  const server = createServer((request, response) => {
    void (async () => {
      if (request.url === path) {
        const announced = announcementSchema.safeParse(await json(request));
        if (announced.success && points !== null) await reach(points, announced.data);
      }
      response.end();
    })().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    serve: (next) => {
      points = next;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function reach(points: Points, announced: z.infer<typeof announcementSchema>): Promise<void> {
  if ('activity' in announced) await points.reachActivity(announced);
  else if (announced.moment === 'call') await points.reach('modal', announced.rpc);
  else if (!withoutEffect.test(announced.rpc)) await points.reach('modal-answer', announced.rpc);
}
