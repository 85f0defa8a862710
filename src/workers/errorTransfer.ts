import * as mismatches from '../oci/mismatchErrors.ts';
import * as layers from '../layers/errors.ts';
import * as local from '../layout/layoutFiles.ts';
import * as registry from '../registry/errors.ts';
import * as jobs from './layerErrors.ts';

/** An error as it crosses between threads: structured cloning would lose its class, and with it what a failure is recognised by. */
export interface WiredError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause: WiredError | undefined;
}

type ErrorClass = abstract new (...args: never[]) => Error;

/** Every class that a worker's work may throw, by the name of its export, which is its instances' `name` too: a bundler changes `class.name`, but neither of these. */
const CLASSES: ReadonlyMap<string, ErrorClass> = new Map(
  [mismatches, layers, local, registry, jobs]
    .flatMap(room => Object.entries<unknown>(room))
    .filter((pair): pair is [string, ErrorClass] => isErrorClass(pair[1])),
);

function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === 'function' && value.prototype instanceof Error;
}

/** Turns any thrown value into plain data. Fields that cannot be cloned are left behind. */
export function wireError(thrown: unknown, depth = 0): WiredError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const fields = Object.fromEntries(
    Object.entries(error).filter(([name, value]) => name !== 'name' && name !== 'cause' && isPlain(value)),
  );
  const cause = error.cause !== undefined && depth < 5 ? wireError(error.cause, depth + 1) : undefined;
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    fields,
    cause,
  };
}

/** Makes the error again, of the same class, with its fields and cause. */
export function unwireError(wired: WiredError): Error {
  const error = new Error(wired.message, wired.cause ? { cause: unwireError(wired.cause) } : undefined);
  const type = CLASSES.get(wired.name);
  if (type) Object.setPrototypeOf(error, type.prototype);
  Object.assign(error, wired.fields);
  error.name = wired.name;
  if (wired.stack) Object.defineProperty(error, 'stack', { value: wired.stack, configurable: true });
  return error;
}

function isPlain(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
