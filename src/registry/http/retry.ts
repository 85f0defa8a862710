import { type HttpHeaders, headerOf } from './headers.ts';
import { setTimeout as sleep } from 'node:timers/promises';

const RETRYABLE: ReadonlySet<number> = new Set([408, 425, 429, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529]);
const LONGEST_DELAY = 30_000;

/** Returns whether a request with this answer may succeed the next time. */
export function isRetryableStatus(status: number): boolean {
  return RETRYABLE.has(status);
}

/**
 * Returns the milliseconds to wait after attempt number `attempt`: twice as long each time, with
 * jitter to keep clients apart.
 */
export function backoff(attempt: number, first: number, random: () => number = Math.random): number {
  return Math.min(LONGEST_DELAY, first * 2 ** (attempt - 1)) * (0.5 + random() / 2);
}

/**
 * Returns `Retry-After` in milliseconds from now, from seconds or an HTTP date (RFC 9110, 10.2.3);
 * undefined if absent or invalid.
 */
export function retryAfter(headers: HttpHeaders, now: number = Date.now()): number | undefined {
  const text = headerOf(headers, 'retry-after')?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  // Date.parse accepts nearly anything; HTTP's dates have a month's name.
  const date = /[a-z]{3}/i.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Waits; rejects with the signal's reason if it aborts. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (milliseconds <= 0) return;
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
