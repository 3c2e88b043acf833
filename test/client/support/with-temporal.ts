import { Client, Connection } from '@temporalio/client';
import type { Stand } from '../fixtures/stand.ts';

/** Past Harvest's client: what somebody else does, and what only Temporal knows. */
export async function withTemporal<T>(stand: Stand, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: stand.temporal.address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}
