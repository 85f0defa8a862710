import { parentPort, type Transferable } from 'node:worker_threads';
import { serializeError, type SerializedError } from './errorTransfer.ts';
import { lowerThreadPriority } from './lowerThreadPriority.ts';

/** A message from a thread that does jobs. */
export type JobMessage<Report> =
  | { readonly type: 'report'; readonly report: Report }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly error: SerializedError };

/** Sends a report. @param transfer parts of it that are moved rather than copied */
type SendReport<Report> = (report: Report, transfer?: readonly Transferable[]) => void;

/** The types of a thread's job and of its reports. */
interface JobTypes {
  readonly job: unknown;
  readonly report: unknown;
}

/** Does the jobs that a `JobThread` sends, one at a time. Called once, by the thread's script. */
export function serveJobs<Types extends JobTypes>(
  work: (job: Types['job'], report: SendReport<Types['report']>) => Promise<void>,
): void {
  const port = parentPort;
  if (!port) return;
  lowerThreadPriority();
  const send = (message: JobMessage<Types['report']>, transfer: readonly Transferable[] = []): void =>
    port.postMessage(message, transfer);
  port.on('message', (job: Types['job']) => {
    work(job, (report, transfer) => send({ type: 'report', report }, transfer)).then(
      () => send({ type: 'done' }),
      (error: unknown) => send({ type: 'failed', error: serializeError(error) }),
    );
  });
}
