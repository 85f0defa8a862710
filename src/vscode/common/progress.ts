import * as vscode from 'vscode';
import type { ArchiveWatch } from '../../layout/plainArchive.ts';
import { withSignal } from './cancellation.ts';
import { pace } from './throttle.ts';
import { settlesWithin } from './settlesWithin.ts';
import type { Transfer } from '../../workers/readLayers.ts';
import { rateMeter, sayProgress } from './transferText.ts';

/** The least time between two steps of a notification, in milliseconds: the editor draws each one as a movement of its bar, and ten a second took it 0.4 of a processor that the work itself could use. */
const EVERY = 500;

/** Tells the user of one piece of work with a cancellable notification. `report` takes what a pull tells of itself. */
export function withTransfer<T>(
  title: string,
  work: (signal: AbortSignal, report: (transfer: Transfer) => void) => Promise<T>,
): Thenable<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (progress, token) => {
      const rate = rateMeter();
      let percent = 0;
      const paced = pace(EVERY, (transfer: Transfer) => {
        const before = percent;
        if (transfer.total > 0) percent = Math.max(before, Math.min(100, (100 * transfer.done) / transfer.total));
        progress.report({
          message: sayProgress(transfer, rate(transfer.downloaded, performance.now())),
          increment: percent - before,
        });
      });
      return withSignal(token, signal => work(signal, paced.tell)).finally(paced.stop);
    },
  );
}

/** Opening something on this machine: a cancellable notification once it takes long enough to be noticed, with how far it is where an archive is unpacked first. */
export async function withArchive<T>(title: string, work: (watch: ArchiveWatch) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let tell: ArchiveWatch['onProgress'] = () => undefined;
  const outcome = work({ signal: controller.signal, onProgress: (done, total) => tell(done, total) });
  if (await settlesWithin(outcome, SHORT)) return outcome;
  return withTransfer(title, (signal, report) => {
    signal.addEventListener('abort', () => controller.abort(), { once: true });
    tell = (done, total) => report({ done, downloaded: 0, total, layersDone: 0, layers: 0 });
    return outcome;
  });
}

/** What is over sooner needs no words. Milliseconds. */
const SHORT = 400;

/** Short work, such as asking a registry: a cancellable notification without numbers, once it takes long enough to be noticed. */
export async function withNotification<T>(title: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const outcome = work(controller.signal);
  if (await settlesWithin(outcome, SHORT)) return outcome;
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (_progress, token) => {
      token.onCancellationRequested(() => controller.abort());
      return outcome;
    },
  );
}
