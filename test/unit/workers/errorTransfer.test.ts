import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SizeMismatchError } from '../../../src/oci/mismatchErrors.ts';
import { RateLimitedError, RegistryError } from '../../../src/registry/errors.ts';
import { PACKAGE_ERRORS } from '../../../src/packages/readFiles.ts';
import { SEARCH_ERRORS } from '../../../src/search/searchFiles.ts';
import { deserializeError, serializeError } from '../../../src/workers/errorTransfer.ts';

const digest = (digit: string) => `sha256:${digit.repeat(64)}` as const;

const transfer = (error: unknown): Error =>
  deserializeError(structuredClone(serializeError(error)), { ...SEARCH_ERRORS, ...PACKAGE_ERRORS });

test('an error keeps its class, fields, message and cause between threads', () => {
  const cause = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  const error = new SizeMismatchError(digest('a'), 5, 4);
  error.cause = cause;
  const again = transfer(error);
  assert.ok(again instanceof SizeMismatchError && again instanceof Error);
  assert.deepEqual(
    [again.name, again.message, again.expected, again.stack],
    [error.name, error.message, 5, error.stack],
  );
  assert.ok(again.cause instanceof Error);
  assert.equal((again.cause as NodeJS.ErrnoException).code, 'ECONNRESET');
  const limited = new RateLimitedError({ registry: 'docker.io', url: 'https://registry-1.docker.io/' }, 30, 0);
  const back = transfer(limited);
  assert.ok(back instanceof RateLimitedError && back instanceof RegistryError);
  assert.deepEqual({ ...back }, { ...limited });
});

test('transfers any thrown value', () => {
  assert.equal(transfer('text').message, 'text');
  const loop = new Error('loop');
  loop.cause = loop;
  assert.equal(transfer(loop).message, 'loop');
  const odd = Object.assign(new Error('odd'), { callback: () => undefined, port: 7 });
  assert.deepEqual({ ...transfer(odd) }, { name: 'Error', port: 7 }, 'what cannot be cloned is dropped');
});

/** The modules that a thread loads: types aside, all that its script imports. */
function modulesOf(script: URL, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(script.href)) return found;
  found.add(script.href);
  const imports = readFileSync(script, 'utf8').matchAll(/^(?:import|export) (?!type\b)[^'"]*?from '(\.[^']+)'/gms);
  for (const [, path = ''] of imports) modulesOf(new URL(path, script), found);
  return found;
}

const THREADS = [
  'workers/worker.ts',
  'export/exportWorker.ts',
  'export/mergeWorker.ts',
  'search/searchWorker.ts',
  'packages/packageWorker.ts',
];

test('every error class that a thread can throw survives the transfer', async () => {
  const modules = new Set(THREADS.flatMap(path => [...modulesOf(new URL(`../../../src/${path}`, import.meta.url))]));
  let classes = 0;
  for (const module of modules) {
    for (const [name, type] of Object.entries<unknown>(await import(module))) {
      if (typeof type !== 'function' || !(type.prototype instanceof Error)) continue;
      classes += 1;
      const error: Error = Object.assign(Object.create(type.prototype), { name, message: 'told', path: '/x', size: 3 });
      const back = transfer(error);
      assert.ok(back instanceof type, `${name} loses its class`);
      assert.deepEqual({ ...back }, { name, path: '/x', size: 3 });
      const body = new RegExp(`^export class ${name} .*?^}`, 'ms').exec(readFileSync(new URL(module), 'utf8'))?.[0];
      if (type !== RegistryError && name !== 'MismatchError')
        assert.ok(body?.includes(`'${name}'`), `${name} has another name than its export`);
    }
  }
  assert.ok(classes > 40, `only ${classes} classes were found`);
});
