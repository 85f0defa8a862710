import { JobThread } from '../workers/jobThread.ts';
import type { ChangesJob, ChangesResult } from './changesJob.ts';
import { CHANGES_ERRORS } from './errors.ts';

/**
 * Compares an image's `overlay/upper` with the image in a thread of its own. Cancelling ends it.
 * @param script `changesWorker.js` of the bundle, `changesWorker.ts` in plain Node
 * @throws the errors of this room; the signal's reason
 */
export async function runChangesJob(job: ChangesJob, script: URL, signal: AbortSignal): Promise<ChangesResult> {
  const thread = new JobThread<ChangesJob, ChangesResult>(script, CHANGES_ERRORS);
  let result: ChangesResult = { changes: [] };
  try {
    await thread.run(job, [], report => (result = report), signal);
  } finally {
    thread.end();
  }
  return result;
}
