import type { Transfer } from '../../workers/readLayers.ts';
import { count, dotted, formatBytes } from './text.ts';

/** `12 of 45 MB · 8.1 MB/s · 2 of 5 layers`. */
export function formatProgress(transfer: Transfer, bytesPerSecond: number | undefined): string {
  const { done, total, layersDone, layers } = transfer;
  const bytes = total > 0 ? `${formatBytes(Math.min(done, total))} of ${formatBytes(total)}` : formatBytes(done);
  const rate = bytesPerSecond !== undefined && bytesPerSecond > 0 && `${formatBytes(bytesPerSecond)}/s`;
  return dotted(bytes, rate, layers > 0 && `${layersDone} of ${count(layers, 'layer')}`);
}

/**
 * The window over which a rate is measured, in ms: long enough to be steady, short enough to show a
 * stall.
 */
const WINDOW = 3000;

/**
 * Returns a function that takes the bytes so far and the time in ms, and returns the bytes per
 * second over the last seconds; at first `undefined`.
 */
export function rateMeter(): (bytes: number, now: number) => number | undefined {
  const samples: { bytes: number; now: number }[] = [];
  return (bytes, now) => {
    samples.push({ bytes, now });
    while (samples.length > 2 && now - (samples[1]?.now ?? now) > WINDOW) samples.shift();
    const first = samples[0];
    if (!first || now - first.now < 500) return undefined;
    return (1000 * (bytes - first.bytes)) / (now - first.now);
  };
}
