/** Names that callers in every language use; apart from the definitions so that nothing of Temporal comes with them. */

/** The workflow type of a session. */
export const sessionWorkflowType = 'session';

/** The task queue, unless `HARVEST_TASK_QUEUE` says otherwise. */
export const defaultTaskQueue = 'harvest';
