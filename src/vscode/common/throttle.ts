/** Passes values on at a pace. */
export interface Paced<T> {
  readonly tell: (value: T) => void;
  /** Nothing of what was told so far is passed on any more. */
  readonly stop: () => void;
}

/** Passes the first value on at once, and of those that follow the newest each time `every` milliseconds have gone by: also the last one, when none comes after it. */
export function pace<T>(every: number, pass: (value: T) => void): Paced<T> {
  let newest: { readonly value: T } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    timer = undefined;
    if (!newest) return;
    const { value } = newest;
    newest = undefined;
    timer = setTimeout(next, every);
    pass(value);
  };
  return {
    tell: value => {
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
