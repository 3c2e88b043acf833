/** Bytes too large for an event or a checkpoint: bundles of carried work. */
import { createHash } from 'node:crypto';
import { bounds } from '../contracts/bounds.ts';
import type { StoreDatabase } from './database.ts';
import { BlobTooLarge } from './errors.ts';
import type { CarriedWorkKeeper } from './store.ts';

const limitBytes = bounds.carriedWorkBytes;

export function createCarriedWork(database: StoreDatabase): CarriedWorkKeeper {
  return {
    save: async (sessionId, bundle) => {
      const sha256 = createHash('sha256').update(bundle).digest('hex');
      await save(database, { sessionId, kind: 'carried-work', blobId: sha256 }, bundle);
      return { sha256 };
    },
    read: async (sessionId, sha256) => read(database, { sessionId, kind: 'carried-work', blobId: sha256 }),
  };
}

type BlobKey = {
  sessionId: string;
  kind: 'carried-work';
  blobId: string;
};

async function save(database: StoreDatabase, key: BlobKey, bytes: Uint8Array): Promise<void> {
  if (bytes.length > limitBytes) throw new BlobTooLarge(bytes.length, limitBytes);
  await database.write(async (db) => {
    await db
      .insertInto('blobs')
      .values({ session_id: key.sessionId, kind: key.kind, blob_id: key.blobId, bytes })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  });
}

async function read(database: StoreDatabase, key: BlobKey): Promise<Uint8Array | null> {
  const row = await database.read
    .selectFrom('blobs')
    .select('bytes')
    .where('session_id', '=', key.sessionId)
    .where('kind', '=', key.kind)
    .where('blob_id', '=', key.blobId)
    .executeTakeFirst();
  return row?.bytes ?? null;
}
