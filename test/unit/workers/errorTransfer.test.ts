import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as mismatches from '../../../src/oci/mismatchErrors.ts';
import * as layers from '../../../src/layers/errors.ts';
import * as local from '../../../src/layout/layoutFiles.ts';
import * as jobs from '../../../src/workers/layerErrors.ts';
import * as registry from '../../../src/registry/errors.ts';
import { unwireError, wireError } from '../../../src/workers/errorTransfer.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}` as const;

test('an error keeps its class, fields, message and cause between threads', () => {
  const cause = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  const error = new mismatches.SizeMismatchError(digest('a'), 5, 4);
  error.cause = cause;
  const again = unwireError(structuredClone(wireError(error)));
  assert.ok(again instanceof mismatches.SizeMismatchError && again instanceof Error);
  assert.deepEqual(
    [again.name, again.message, again.expected, again.stack],
    [error.name, error.message, 5, error.stack],
  );
  assert.ok(again.cause instanceof Error);
  assert.equal((again.cause as NodeJS.ErrnoException).code, 'ECONNRESET');
  const limited = new registry.RateLimitedError({ registry: 'docker.io', url: 'https://registry-1.docker.io/' }, 30, 0);
  const back = unwireError(structuredClone(wireError(limited)));
  assert.ok(back instanceof registry.RateLimitedError && back instanceof registry.RegistryError);
  assert.deepEqual({ ...back }, { ...limited });
});

test('anything that is thrown arrives', () => {
  assert.equal(unwireError(wireError('text')).message, 'text');
  const loop = new Error('loop');
  loop.cause = loop;
  assert.equal(unwireError(structuredClone(wireError(loop))).message, 'loop');
  const odd = Object.assign(new Error('odd'), { callback: () => undefined, port: 7 });
  assert.equal(
    (unwireError(structuredClone(wireError(odd))) as unknown as { port: number }).port,
    7,
    'what cannot be cloned stays behind',
  );
});

test('every error class of the rooms has instances named like its export, so that it is found again', () => {
  const where = { registry: 'r', url: 'https://r/' };
  const make = (type: unknown, argument: unknown) =>
    Reflect.construct(type as new (...args: unknown[]) => Error, Array(5).fill(argument));
  const classes = (room: Readonly<Record<string, unknown>>) =>
    Object.entries(room).filter(([, value]) => typeof value === 'function' && value.prototype instanceof Error);
  assert.ok(classes(registry).length > 10);
  for (const [name, type] of classes(registry))
    if (name !== 'RegistryError') assert.equal(make(type, name === 'MirrorsFailedError' ? [] : where).name, name);
  for (const [name, type] of [mismatches, layers, local, jobs].flatMap(classes))
    assert.equal(make(type, name === 'StoredBlobError' ? 'missing' : 'bytes').name, name);
});
