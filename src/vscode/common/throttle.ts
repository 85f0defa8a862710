/** Passes values on at a limited rate. */
export interface Throttled<T> {
  readonly send: (value: T) => void;
  /** Drops what has not been passed on yet. */
  readonly stop: () => void;
}

/**
 * Passes on the first value at once, then at most one per `interval` milliseconds: always the
 * newest, and the last one too.
 */
export function throttle<T>(interval: number, pass: (value: T) => void): Throttled<T> {
  let newest: { readonly value: T } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    timer = undefined;
    if (!newest) return;
    const { value } = newest;
    newest = undefined;
    timer = setTimeout(next, interval);
    pass(value);
  };
  return {
    send: value => {
      newest = { value };
      if (!timer) next();
    },
    stop: () => {
      newest = undefined;
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
