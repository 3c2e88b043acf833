/** What Temporal says of a workflow, as far as Harvest decides by it. */

/** Of `WorkflowExecutionStatusName`. One that a person paused goes on, and of one that continued as new the next run is open. */
const openStatuses: readonly string[] = ['RUNNING', 'PAUSED', 'CONTINUED_AS_NEW'];

/** Whether it still takes messages and owns its sandboxes. */
export function isOpen(statusName: string): boolean {
  return openStatuses.includes(statusName);
}
