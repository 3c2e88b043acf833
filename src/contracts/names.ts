/** Names that callers in every language use; apart from the definitions so that nothing of Temporal comes with them. */

/** The workflow type of a session. */
export const sessionWorkflowType = 'session';

/** The workflow type of code that is run once in a sandbox of its own. */
export const executionWorkflowType = 'executeCode';

/** The workflow type of the build of a repository set's image. */
export const buildWorkflowType = 'buildRepoImage';

/** The task queue, unless `HARVEST_TASK_QUEUE` says otherwise. */
export const defaultTaskQueue = 'harvest';
