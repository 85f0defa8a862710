import * as vscode from 'vscode';
import type { ArchiveWatch } from '../../layout/plainArchive.ts';
import type { Transfer } from '../../workers/readLayers.ts';
import { withSignal } from './cancellation.ts';
import { settlesWithin } from './settlesWithin.ts';
import { throttle } from './throttle.ts';
import { formatProgress, rateMeter } from './transferText.ts';

/**
 * The least time between two updates of a notification, in milliseconds. The editor animates each
 * update: ten a second took 0.4 of a core, which the work itself can use.
 */
const INTERVAL = 500;

/** Shows a cancellable notification with the progress that `work` reports. */
export function withTransfer<T>(
  title: string,
  work: (signal: AbortSignal, report: (transfer: Transfer) => void) => Promise<T>,
): Thenable<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    (progress, token) => {
      const rate = rateMeter();
      let percent = 0;
      const throttled = throttle(INTERVAL, (transfer: Transfer) => {
        const before = percent;
        if (transfer.total > 0) percent = Math.max(before, Math.min(100, (100 * transfer.done) / transfer.total));
        progress.report({
          message: formatProgress(transfer, rate(transfer.downloaded, performance.now())),
          increment: percent - before,
        });
      });
      return withSignal(token, signal => work(signal, throttled.send)).finally(throttled.stop);
    },
  );
}

/**
 * Like {@link withTransfer}, but shows the notification only once the work takes noticeably long.
 */
export async function withDelayedTransfer<T>(
  title: string,
  work: (signal: AbortSignal, report: (transfer: Transfer) => void) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let show: (transfer: Transfer) => void = () => undefined;
  const outcome = work(controller.signal, transfer => show(transfer));
  if (await settlesWithin(outcome, SHORT)) return outcome;
  return withTransfer(title, (signal, report) => {
    signal.addEventListener('abort', () => controller.abort(), { once: true });
    show = report;
    return outcome;
  });
}

/** Opens something on this machine, which may unpack an archive first. */
export function withArchive<T>(title: string, work: (watch: ArchiveWatch) => Promise<T>): Promise<T> {
  return withDelayedTransfer(title, (signal, report) => {
    const onProgress = (done: number, total: number): void =>
      report({ done, downloaded: 0, total, layersDone: 0, layers: 0 });
    return work({ signal, onProgress });
  });
}

/** Work that ends sooner needs no notification. Milliseconds. */
const SHORT = 400;

/**
 * Shows a cancellable notification without numbers once short work, such as a registry request,
 * takes noticeably long.
 */
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
