/** The query of the workflow `buildRepoImage`, by name. */
import { defineQuery } from '@temporalio/workflow';

/** `number`: the build that this run is, whose log it is (`buildOwner`). Null as long as nothing is known of it, and when there was nothing to build. */
export const buildQuery = defineQuery<{ number: number | null }>('build');
