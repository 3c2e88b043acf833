/** What the worker bundles. */
export { session } from './session.ts';
export { reapSandboxes } from './reap-sandboxes.ts';
