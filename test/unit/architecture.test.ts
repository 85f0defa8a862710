import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { base, bundleOptions } from '../../esbuild.js';
import { projectRoot } from '../rig/paths.ts';

/** The table of ARCHITECTURE.md: which room may import which others. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  oci: [],
  secrets: [],
  blobs: ['oci'],
  registry: ['oci'],
  layers: ['oci', 'blobs'],
  layout: ['oci', 'blobs', 'layers'],
  overlay: ['oci', 'blobs', 'layers'],
  browse: ['oci', 'layers', 'secrets'],
  resolve: ['oci', 'blobs'],
  workers: ['oci', 'blobs', 'browse', 'layers', 'layout', 'registry'],
  pull: ['oci', 'blobs', 'layers', 'layout', 'registry', 'workers'],
  layerAccess: ['oci', 'blobs', 'browse', 'layers', 'registry', 'resolve', 'workers'],
  insight: ['oci', 'browse', 'secrets'],
  search: ['oci', 'browse', 'layers', 'workers'],
  export: ['oci', 'blobs', 'layers', 'layout', 'pull', 'registry', 'resolve', 'workers'],
};
const core = Object.keys(mayImport);
Object.assign(mayImport, { vscode: core, 'extension.ts': [...core, 'vscode'] });

/** Bytes of minified code. `startup` is read whenever the extension is activated, `worker` whenever a thread starts. Raise them knowingly. */
const budgets = { startup: 130_000, worker: 400_000, total: 840_000 };

const files = globSync('src/**/*.ts', { cwd: projectRoot }).map(file => file.replaceAll('\\', '/'));

/** `src/pull/pullImage.ts` -> `pull`; `src/extension.ts` -> `extension.ts`. */
function roomOf(file: string): string {
  return file.split('/')[1] ?? '';
}

/** What a file names in its imports, also those of types alone, which a bundler drops. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(projectRoot, file), 'utf8');
  return [...text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*'([^']+)'/g)].map(([, name = '']) => name);
}

test('every folder of src is a room of the table', () => {
  assert.deepEqual(
    [...new Set(files.map(roomOf))].filter(room => !(room in mayImport)),
    [],
  );
});

test('rooms import only what the table allows', () => {
  const wrong = files.flatMap(file =>
    importsOf(file)
      .filter(name => name.startsWith('.'))
      .map(name => roomOf(posix.join(posix.dirname(file), name)))
      .filter(room => room !== roomOf(file) && mayImport[roomOf(file)]?.includes(room) !== true)
      .map(room => `${file} imports ${room}`),
  );
  assert.deepEqual(wrong, []);
});

test('only src/vscode and src/extension.ts know VS Code', () => {
  const wrong = files.filter(
    file => importsOf(file).includes('vscode') && !['vscode', 'extension.ts'].includes(roomOf(file)),
  );
  assert.deepEqual(wrong, []);
});

test('imports make no circle', async () => {
  // As the sources have them: the bundle's own detour from what is imported later to the extension would be one.
  const { inputs } = await metafile({ plugins: [] });
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), `a circle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
    if (done.has(file) || !file.startsWith('src/')) return;
    for (const next of inputs[file]?.imports ?? []) if (next.external !== true) visit(next.path, [...path, file]);
    done.add(file);
  };
  for (const file of Object.keys(inputs)) visit(file, []);
});

test('the bundle keeps its budgets', async () => {
  const { outputs } = await metafile();
  const sizes = {
    startup: loadedWith(outputs, 'dist/extension.js'),
    worker: loadedWith(outputs, 'dist/worker.js'),
    total: Object.values(outputs).reduce((sum, { bytes }) => sum + bytes, 0),
  };
  for (const name of ['startup', 'worker', 'total'] as const) {
    assert.ok(sizes[name] > 0, `${name} is not built`);
    assert.ok(sizes[name] <= budgets[name], `${name}: ${sizes[name]} bytes; the budget is ${budgets[name]}`);
  }
});

test('no thread needs VS Code', async () => {
  const { outputs } = await metafile();
  const threads = Object.keys(outputs).filter(file => /[wW]orker\.js$/.test(file));
  assert.equal(threads.length, 4);
  for (const thread of threads) {
    const read = new Set<string>();
    loadedWith(outputs, thread, read);
    const asks = [...read].filter(file => outputs[file]?.imports.some(({ path }) => path === 'vscode'));
    assert.deepEqual(asks, [], thread);
  }
});

test('what is read together lies in few files', async () => {
  const { outputs } = await metafile();
  // The last one is what a command reads at its first use, with what the window has read by then.
  const first = Object.keys(outputs).find(
    file => outputs[file]?.entryPoint === 'later:src/vscode/imagesView/pullImage.ts',
  );
  const most = { 'dist/extension.js': 4, 'dist/worker.js': 12, [first ?? 'the command']: 10 };
  for (const [entry, limit] of Object.entries(most)) {
    const read = new Set<string>();
    assert.ok(loadedWith(outputs, entry, read) > 0, entry);
    assert.ok(read.size <= limit, `${entry}: ${read.size} files: ${[...read].join(', ')}`);
  }
});

test('what the editor imports of the base is there, whichever part it is of', async () => {
  const { outputs } = await metafile();
  const made = Object.values(outputs).find(({ entryPoint }) => entryPoint === 'later:base');
  const parts = await Promise.all(base.map(file => import(join(projectRoot, file)) as Promise<object>));
  // A name that two of them export would be nobody's.
  assert.deepEqual(made?.exports.toSorted(), parts.flatMap(part => Object.keys(part)).toSorted());
});

/** Bytes of a file and of all that it imports at once. */
function loadedWith(outputs: Metafile['outputs'], entry: string, seen = new Set<string>()): number {
  const output = outputs[entry];
  if (output === undefined || seen.has(entry)) return 0;
  seen.add(entry);
  const needed = output.imports.filter(({ kind, external }) => kind === 'import-statement' && external !== true);
  return needed.reduce((sum, { path }) => sum + loadedWith(outputs, path, seen), output.bytes);
}

async function metafile(changes: BuildOptions = {}): Promise<Metafile> {
  return (await build({ ...bundleOptions({ production: true }), ...changes, metafile: true, write: false })).metafile;
}
