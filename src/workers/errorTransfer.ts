import * as browse from '../browse/errors.ts';
import * as inflate from '../layers/compression/inflate/inflateError.ts';
import { NativeDecodeError } from '../layers/compression/nodeZlib.ts';
import * as layers from '../layers/errors.ts';
import { InvalidSidecarError } from '../layers/unpack/sidecar.ts';
import * as layout from '../layout/layoutFiles.ts';
import { InvalidConfigError } from '../oci/config.ts';
import { InvalidDigestError } from '../oci/digest.ts';
import { InvalidManifestError } from '../oci/manifest.ts';
import * as mismatches from '../oci/mismatchErrors.ts';
import { InvalidReferenceError } from '../oci/reference.ts';
import { InvalidSignatureError } from '../oci/schema1Payload.ts';
import { AuthFileError } from '../registry/auth/authEntries.ts';
import { CredentialHelperError } from '../registry/auth/credentialHelper.ts';
import * as registry from '../registry/errors.ts';
import { PrivateAddressError } from '../registry/http/addresses.ts';
import { PipeBrokenError } from './bytePipe.ts';
import * as workers from './layerErrors.ts';

/** An error on its way between threads, as plain data: structured cloning would lose its class. */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly cause: SerializedError | undefined;
}

export type ErrorClass = abstract new (...args: never[]) => Error;

/**
 * Error classes by the name of their export, which is their instances' `name` too. A bundler
 * changes `class.name`, but neither of these.
 */
const CLASSES = errorClasses({
  ...mismatches,
  ...browse,
  ...inflate,
  ...layers,
  ...layout,
  ...registry,
  ...workers,
  AuthFileError,
  CredentialHelperError,
  InvalidConfigError,
  InvalidDigestError,
  InvalidManifestError,
  InvalidReferenceError,
  InvalidSidecarError,
  InvalidSignatureError,
  NativeDecodeError,
  PipeBrokenError,
  PrivateAddressError,
});

function errorClasses(exports: Readonly<Record<string, unknown>>): ReadonlyMap<string, ErrorClass> {
  return new Map(Object.entries(exports).filter((pair): pair is [string, ErrorClass] => isErrorClass(pair[1])));
}

function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === 'function' && value.prototype instanceof Error;
}

/** Turns any thrown value into plain data. Fields that cannot be cloned are dropped. */
export function serializeError(thrown: unknown, depth = 0): SerializedError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { name, message, stack } = error;
  const fields = Object.fromEntries(
    Object.entries(error).filter(([key, value]) => key !== 'name' && key !== 'cause' && isCloneable(value)),
  );
  const cause = error.cause !== undefined && depth < 5 ? serializeError(error.cause, depth + 1) : undefined;
  return { name, message, stack, fields, cause };
}

/**
 * Restores an error with its class, fields and cause.
 * @param own classes that only the caller's threads throw, by name
 */
export function deserializeError(serialized: SerializedError, own: Readonly<Record<string, ErrorClass>> = {}): Error {
  const { name, message, stack, fields } = serialized;
  const cause = serialized.cause && deserializeError(serialized.cause, own);
  const error = new Error(message, cause && { cause });
  const type = CLASSES.get(name) ?? (Object.hasOwn(own, name) ? own[name] : undefined);
  if (type) Object.setPrototypeOf(error, type.prototype);
  Object.assign(error, fields);
  error.name = name;
  if (stack) Object.defineProperty(error, 'stack', { value: stack, configurable: true });
  return error;
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
