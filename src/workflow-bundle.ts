/**
 * The workflows as the one file that Temporal's sandbox loads. A worker that runs from the sources bundles them when it
 * starts, which costs seconds; a built package brings the file.
 */
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, type WorkerOptions } from '@temporalio/worker';

type WorkflowSource = Pick<WorkerOptions, 'workflowsPath' | 'workflowBundle'>;

const isSource = import.meta.filename.endsWith('.ts');

/** `bundleFile`: made by `bundleWorkflows` from these very sources, for workers that start often. */
export function workflowSource(bundleFile: string | undefined): WorkflowSource {
  if (bundleFile !== undefined) return { workflowBundle: { codePath: bundleFile } };
  if (isSource) return { workflowsPath: pathOf('workflows/index.ts') };
  return { workflowBundle: { codePath: pathOf('bundled-workflows.js') } };
}

/** The file's text, from the sources. */
export async function bundleWorkflows(): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: pathOf('workflows/index.ts'),
    logger: new DefaultLogger('WARN'),
  });
  return code;
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}
