import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { test } from 'node:test';
import { build, type Metafile } from 'esbuild';
import { bundleOptions } from '../../esbuild.js';
import { projectRoot } from '../rig/paths.ts';

/** The table of ARCHITECTURE.md: which room may import which others. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  oci: [],
  secrets: [],
  imageNames: ['oci'],
  blobs: ['oci'],
  registry: ['oci'],
  layers: ['oci', 'blobs'],
  layout: ['oci', 'blobs', 'layers'],
  overlay: ['oci', 'blobs', 'layers'],
  browse: ['oci', 'layers', 'secrets'],
  resolve: ['oci', 'blobs'],
  publish: ['oci', 'blobs', 'registry', 'resolve'],
  workers: ['oci', 'blobs', 'browse', 'layers', 'layout', 'registry'],
  pull: ['oci', 'blobs', 'layers', 'layout', 'registry', 'workers'],
  layerAccess: ['oci', 'blobs', 'browse', 'layers', 'registry', 'resolve', 'workers'],
  trust: ['oci', 'registry', 'secrets'],
  packages: ['oci', 'browse', 'layers', 'workers'],
  insight: ['oci', 'browse', 'packages', 'secrets'],
  search: ['oci', 'browse', 'layers', 'workers'],
  export: ['oci', 'blobs', 'layers', 'layout', 'pull', 'registry', 'resolve', 'workers'],
  changes: ['oci', 'blobs', 'export', 'layers', 'layout', 'overlay', 'pull', 'workers'],
};
const core = Object.keys(mayImport);
Object.assign(mayImport, { vscode: core, 'extension.ts': [...core, 'vscode'] });

/**
 * The ladder of `src/vscode`: a folder or file imports only from steps before its own. Those of one
 * step don't know each other.
 */
const ladder: readonly (readonly string[])[] = [
  ['common'],
  ['settings', 'tree', 'page'],
  ['registries'],
  ['images'],
  ['files'],
  ['command'],
  [
    'documents',
    'filesView',
    'search',
    'mount',
    'compare',
    'imagePage',
    'links',
    'editor',
    'packages',
    'publish',
    'trust',
  ],
  ['changes'],
  ['registriesView', 'imagesView'],
  ['reveal'],
  ['features.ts'],
  ['commandTable.ts', 'restorePage.ts'],
  ['registerCommands.ts', 'restorePages.ts'],
];

/**
 * Bytes of minified code. `startup` is read whenever the extension is activated, `worker` whenever
 * a thread starts. Raise them knowingly. A sixth of the total is Sigstore's library, loaded
 * when a signature is verified.
 */
const budgets = { startup: 136_000, worker: 400_000, total: 1_210_000 };

const files = globSync('src/**/*.ts', { cwd: projectRoot }).map(file => file.replaceAll('\\', '/'));

/** `src/pull/pullImage.ts` -> `pull`; `src/extension.ts` -> `extension.ts`. */
function roomOf(file: string): string {
  return file.split('/')[1] ?? '';
}

/** The module names that a file imports, those of types alone included, which a bundler drops. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(projectRoot, file), 'utf8');
  return [...text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*'([^']+)'/g)].map(([, name = '']) => name);
}

/** The project's own files that a file imports. */
function neighboursOf(file: string): string[] {
  return importsOf(file)
    .filter(name => name.startsWith('.'))
    .map(name => posix.join(posix.dirname(file), name));
}

test('every folder of src is a room of the table', () => {
  assert.deepEqual(
    [...new Set(files.map(roomOf))].filter(room => !(room in mayImport)),
    [],
  );
});

test('rooms import only what the table allows', () => {
  const wrong = files.flatMap(file =>
    neighboursOf(file)
      .map(roomOf)
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

test('the folders of src/vscode import only what is below them on the ladder', () => {
  const step = (file: string): number => ladder.findIndex(names => names.includes(file.split('/')[2] ?? ''));
  const ours = files.filter(file => roomOf(file) === 'vscode');
  assert.deepEqual(
    ours.filter(file => step(file) === -1),
    [],
  );
  const wrong = ours.flatMap(file =>
    neighboursOf(file)
      .filter(other => roomOf(other) === 'vscode' && other.split('/')[2] !== file.split('/')[2])
      .filter(other => step(other) >= step(file))
      .map(other => `${file} imports ${other}`),
  );
  assert.deepEqual(wrong, []);
});

test('imports make no circle, those of types included', () => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), `a circle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
    if (done.has(file)) return;
    for (const next of neighboursOf(file)) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) if (!file.includes('/assembly/')) visit(file, []);
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
  assert.equal(threads.length, 6);
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
  const most = { 'dist/extension.js': 4, 'dist/worker.js': 13, [first ?? 'the command']: 10 };
  for (const [entry, limit] of Object.entries(most)) {
    const read = new Set<string>();
    assert.ok(loadedWith(outputs, entry, read) > 0, entry);
    assert.ok(read.size <= limit, `${entry}: ${read.size} files: ${[...read].join(', ')}`);
  }
});

/** Bytes of a file and of all that it imports at once. */
function loadedWith(outputs: Metafile['outputs'], entry: string, seen = new Set<string>()): number {
  const output = outputs[entry];
  if (output === undefined || seen.has(entry)) return 0;
  seen.add(entry);
  const needed = output.imports.filter(({ kind, external }) => kind === 'import-statement' && external !== true);
  return needed.reduce((sum, { path }) => sum + loadedWith(outputs, path, seen), output.bytes);
}

async function metafile(): Promise<Metafile> {
  return (await build({ ...bundleOptions({ production: true }), metafile: true, write: false })).metafile;
}
