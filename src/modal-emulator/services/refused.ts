/** What Modal can and Local Modal cannot, each with its refusal. */
import { refused, type Handlers } from '../rpc/handler.ts';

/** RPCs of the SDK's sandbox API that Local Modal answers with a refusal. */
export const refusedByControlPlane: Handlers = {
  SandboxCreate: refused('sandboxes of the older backend (a GPU, or MODAL_SANDCONTAINER_V2=0, asks for it)'),
  SandboxGetTunnelsV2: refused('tunnels'),
  SandboxCreateConnectTokenV2: refused('connect tokens'),
  SandboxGetExitSnapshotV2: refused('exit snapshots'),
  SandboxRestoreV2: refused('memory snapshots'),
  ProxyGet: refused('proxies'),
  ImageGetByTag: refused('published images'),
  ImagePublish: refused('published images'),
};

export const refusedByRouter: Handlers = {
  TaskSnapshotDirectory: refused('directory snapshots'),
  TaskSnapshotMemory: refused('memory snapshots'),
  TaskMountDirectory: refused('mounting images'),
  TaskUnmountDirectory: refused('mounting images'),
  TaskSetNetworkAccess: refused('network policies'),
  TaskSetOutboundPolicy: refused('network policies'),
  TaskContainerCreate: refused('sidecar containers'),
  SandboxWaitUntilReady: refused('readiness probes'),
};
