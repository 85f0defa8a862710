import { type HttpHeaders, headerOf } from './headers.ts';

/** How many pulls a registry still allows; Docker Hub says so with each manifest. */
export interface RateLimit {
  readonly limit: number | undefined;
  readonly remaining: number | undefined;
  /** Seconds for which `limit` counts. */
  readonly window: number | undefined;
}

/** Reads `ratelimit-limit: 100;w=21600` and `ratelimit-remaining: 76;w=21600`. */
export function rateLimitOf(headers: HttpHeaders): RateLimit | undefined {
  const limit = headerOf(headers, 'ratelimit-limit') ?? headerOf(headers, 'x-ratelimit-limit');
  const remaining = headerOf(headers, 'ratelimit-remaining') ?? headerOf(headers, 'x-ratelimit-remaining');
  if (limit === undefined && remaining === undefined) return undefined;
  return {
    limit: leading(limit),
    remaining: leading(remaining),
    window: leading(/;\s*w=(\d+)/.exec(limit ?? remaining ?? '')?.[1]),
  };
}

/** Returns `76 of 100 pulls left per 6 hours`, as far as known; may be empty. */
export function formatRateLimit({ limit, remaining, window }: RateLimit): string {
  const left = remaining ?? limit;
  if (left === undefined) return '';
  const of = remaining !== undefined && limit !== undefined ? ` of ${limit}` : '';
  return `${left}${of} pulls${remaining === undefined ? '' : ' left'}${formatWindow(window)}`;
}

function formatWindow(seconds: number | undefined): string {
  if (!seconds) return '';
  const [length, unit] = seconds % 3600 === 0 ? [3600, 'hour'] : seconds % 60 === 0 ? [60, 'minute'] : [1, 'second'];
  const many = seconds / length;
  return many === 1 ? ` per ${unit}` : ` per ${many} ${unit}s`;
}

function leading(text: string | undefined): number | undefined {
  const digits = /^\s*(\d+)/.exec(text ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}
