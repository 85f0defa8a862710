import { parentPort } from 'node:worker_threads';
import { serializeError, type SerializedError } from './errorTransfer.ts';
import { lowerThreadPriority } from './lowerThreadPriority.ts';

/** A message from a thread that does jobs. */
export type JobMessage<Report> =
  | { readonly type: 'report'; readonly report: Report }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly error: SerializedError };

/** Does the jobs that a `JobThread` sends, one at a time. Called once, by the thread's script. */
export function serveJobs<Job, Report>(work: (job: Job, report: (report: Report) => void) => Promise<void>): void {
  const port = parentPort;
  if (!port) return;
  lowerThreadPriority();
  const send = (message: JobMessage<Report>): void => port.postMessage(message);
  port.on('message', (job: Job) => {
    work(job, report => send({ type: 'report', report })).then(
      () => send({ type: 'done' }),
      (error: unknown) => send({ type: 'failed', error: serializeError(error) }),
    );
  });
}
