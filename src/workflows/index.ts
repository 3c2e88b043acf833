/** What the worker bundles. */
export { executeCode } from './execute-code.ts';
export { session } from './session.ts';
export { reapSandboxes } from './reap-sandboxes.ts';
