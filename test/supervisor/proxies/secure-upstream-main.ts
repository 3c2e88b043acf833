/** A model proxy in a process of its own, because a process reads `NODE_EXTRA_CA_CERTS` once; prints what the API answers. */
import { startModelProxy } from '../../../src/supervisor/proxies/model-proxy.ts';

const proxy = await startModelProxy({
  upstreamUrl: process.argv[2] ?? '',
  credential: 'real',
  ticket: 'ticket',
});
const response = await fetch(`${proxy.url}/v1/messages`, { headers: { 'x-api-key': 'ticket' } });
process.stdout.write(`${response.status} ${await response.text()}`);
await proxy.close();
