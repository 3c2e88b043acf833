/** Model proxies and the APIs behind them, which are gone after the test that started them. */
import type http from 'node:http';
import { afterEach } from 'vitest';
import { type ModelProxy, startModelProxy } from '../../../../src/supervisor/proxies/model-proxy.ts';
import { newTicket } from '../../../../src/supervisor/proxies/ticket.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export const apiKey = 'sk-ant-api03-canary';
export const ticket = newTicket();

export type ModelStand = {
  api(listener: http.RequestListener): Promise<Upstream>;
  /** `null` for none. */
  proxy(upstreamUrl: string, credential?: string | null): Promise<ModelProxy>;
};

export function modelStandOfTest(): ModelStand {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  return {
    api: async (listener) => {
      const upstream = await startUpstream(listener);
      closers.push(async () => upstream.close());
      return upstream;
    },
    proxy: async (upstreamUrl, credential = apiKey) => {
      const proxy = await startModelProxy({ upstreamUrl, credential: credential ?? undefined, ticket });
      closers.push(async () => proxy.close());
      return proxy;
    },
  };
}
