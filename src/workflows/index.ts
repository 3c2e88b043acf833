/** What the worker bundles. */
export { session } from './session.ts';
