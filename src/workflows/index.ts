/** What the worker bundles. */
export { buildRepoImage } from './build-repo-image.ts';
export { executeCode } from './execute-code.ts';
export { session } from './session.ts';
export { reapSandboxes } from './reap-sandboxes.ts';
export { refreshRepoImages } from './refresh-repo-images.ts';
