/** The worker as a program. */
import { runWorker } from './worker-run.ts';

await runWorker();
