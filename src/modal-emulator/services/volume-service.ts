/** The RPCs of volumes as objects: find, make, keep alive, delete. What is in them only sandboxes can see. */
import { unary, type Handlers } from '../rpc/handler.ts';
import { notFound } from '../rpc/rpc-error.ts';
import type { VolumeRecord, VolumeStore } from '../volumes/volume-store.ts';
import { environmentOf } from './apps.ts';
import * as requests from './control-plane-requests.ts';
import { Idempotency } from './idempotency.ts';

export function volumeService({ volumes }: { volumes: VolumeStore }): Handlers {
  const idempotency = new Idempotency();
  return {
    VolumeGetOrCreate: unary(requests.volumeGetOrCreate, async (request, context) =>
      idempotency.once(context, async () => {
        const { deploymentName: name, version, objectCreationType } = request;
        const environmentName = environmentOf(request.environmentName);
        if (objectCreationType === requests.ephemeralKind)
          return describe(volumes.create({ environmentName, name: null, version }));
        const existing = volumes.find(environmentName, name);
        // One of another version is returned too: the SDK compares, and says so.
        if (existing !== undefined) return describe(existing);
        if (objectCreationType !== requests.createIfMissing) throw notFound(`Volume '${name}' not found`);
        return describe(volumes.create({ environmentName, name, version }));
      }),
    ),
    VolumeHeartbeat: unary(requests.volumeById, ({ volumeId }) => {
      volumes.heard(volumeId);
      return {};
    }),
    VolumeDelete: unary(requests.volumeById, async ({ volumeId }) => {
      await volumes.delete(volumeId);
      return {};
    }),
  };
}

function describe({ volumeId, name, version }: VolumeRecord): object {
  return { volumeId, version, metadata: { version, name: name ?? '' } };
}
