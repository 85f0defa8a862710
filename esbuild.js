// Builds the extension: `dist/extension.js` (the extension host loads it) and `dist/worker.js` (one thread per layer), as ES modules
// with shared chunks, so that what is heavy is read from disk when it is first needed.
//
//   node esbuild.js                build for use: minified, no source maps
//   node esbuild.js --development  readable, with source maps, for the debugger
//   node esbuild.js --watch        the same, and again at every change
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, context } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));

/** Bundled CommonJS packages call `require` for Node's own modules, which an ES module does not have. */
const requireBanner =
  "import{createRequire as __peelCreateRequire}from'node:module';const require=__peelCreateRequire(import.meta.url);";

/**
 * Leaves out what undici loads and Peel never uses: HTTP/2 (`allowH2: false`), the bodies of `fetch` and forms; and one of its two forms of llhttp, the one with vectors, which reads long headers faster:
 * 72 kB that every thread would read, find the ends of functions in, and keep.
 *
 * @type {import('esbuild').Plugin}
 */
const leanUndici = {
  name: 'lean-undici',
  setup(build) {
    const unused =
      /[\\/]undici[\\/]lib[\\/](web[\\/](fetch[\\/](body|formdata)|webidl[\\/]index)|dispatcher[\\/]client-h2)\.js$/;
    build.onLoad({ filter: unused }, ({ path }) => ({
      contents: `module.exports = () => { throw new Error(${JSON.stringify(`${basename(path)} of undici is not in this bundle`)}); };`,
    }));
    build.onLoad({ filter: /[\\/]undici[\\/]lib[\\/]llhttp[\\/]llhttp_simd-wasm\.js$/ }, () => ({
      contents: "module.exports = require('./llhttp-wasm.js');",
    }));
  },
};

/** Needed by the extension at its start and by threads: the room that all others know, and some of the others'. */
const common = [
  ...readdirSync(root + 'src/oci').map(name => `src/oci/${name}`),
  'src/blobs/verifier.ts',
  'src/layout/localAddress.ts',
  'src/workers/layerErrors.ts',
  'src/registry/config.ts',
  'src/registry/http/rateLimit.ts',
];

/** Needed by the editor, though not at its start, and by threads. */
const shared = [
  'src/blobs/lockFile.ts',
  'src/browse/listing/layerTree.ts',
  'src/browse/formats/slices.ts',
  'src/layers/tar/byteName.ts',
  'src/layers/tar/entryPath.ts',
  'src/layers/errors.ts',
  'src/layers/unpack/sidecar.ts',
  'src/layout/layoutFiles.ts',
  'src/secrets/secretText.ts',
  'src/workers/bytePipe.ts',
  'src/workers/errorTransfer.ts',
];

/** Needed by the editor as soon as somebody looks at an image or pulls one: the parts of other rooms, which it imports later, so that it gets all of them then (no two may export the same name); and its own. */
export const base = [
  'src/blobs/keyedMutex.ts',
  'src/blobs/store.ts',
  'src/browse/errors.ts',
  'src/browse/listing/layerTree.ts',
  'src/browse/tree/mergedTree.ts',
  'src/browse/formats/slices.ts',
  'src/overlay/mountState.ts',
  'src/pull/imageFolder.ts',
  'src/resolve/cachedDocuments.ts',
  'src/resolve/openReference.ts',
  'src/pull/pullImage.ts',
  'src/resolve/resolveImage.ts',
  'src/workers/workerPool.ts',
];
const ownBase = [
  'src/vscode/command/ask.ts',
  'src/vscode/command/choosePlatform.ts',
  'src/vscode/command/targetFolder.ts',
  'src/vscode/common/progress.ts',
];

/** Needed by whoever reads layers: threads, and in the editor those below. */
const reading = [
  'src/browse/formats/container.ts',
  'src/browse/listing/listingBuilder.ts',
  'src/browse/listing/packedTree.ts',
  'src/browse/formats/restartPoints.ts',
  'src/browse/formats/zstdRestartPoints.ts',
  'src/layers/compression/decompress.ts',
  'src/layers/compression/inflate/engine.ts',
  'src/layers/tar/tarReader.ts',
  'src/layers/compression/wasmGzip.ts',
  'src/workers/lowerThreadPriority.ts',
];
const readers = [
  'src/browse/sources/growingLayer.ts',
  'src/layout/localSources.ts',
  'src/layout/plainArchive.ts',
  'src/layerAccess/openLayer.ts',
  'src/layerAccess/layerArchive.ts',
];

/**
 * Keeps together what is read together. esbuild makes a file of what the same entries share, and all that is imported later is an entry: so the sources would lie in hundreds of files, each to be found,
 * read and compiled, which takes the extension host longer than what stands in most of them. Here each entry says what it needs besides: of the lists above, and the whole extension, which is there by
 * then, where the extension imports it later.
 *
 * @type {import('esbuild').Plugin}
 */
const fewFiles = {
  name: 'few-files',
  setup(build) {
    const extension = 'src/extension.ts';
    if (!Object.values(Object(build.initialOptions.entryPoints)).includes(extension)) return;
    // Threads read the other rooms too, and there is no extension there.
    const editorOnly = /^src\/(vscode\/.*|extension\.ts)$/;
    const named = (/** @type {string} */ path) => relative(root, path).replaceAll('\\', '/');
    build.onResolve({ filter: /^/ }, ({ kind, importer, resolveDir, path }) => {
      if (kind === 'entry-point') return { path: named(join(root, path)), namespace: 'entry' };
      if (kind !== 'dynamic-import' || !path.startsWith('.') || !editorOnly.test(named(importer))) return undefined;
      const wanted = named(join(resolveDir, path));
      return { path: base.includes(wanted) ? 'base' : wanted, namespace: 'later' };
    });
    build.onLoad({ filter: /^/, namespace: 'entry' }, ({ path }) =>
      moduleOf([path], path === extension ? common : [...common, ...shared, ...reading]),
    );
    build.onLoad({ filter: /^/, namespace: 'later' }, ({ path }) =>
      moduleOf(path === 'base' ? base : [path], [
        ...common,
        ...shared,
        ...base,
        ...ownBase,
        ...(readers.includes(path) ? reading : []),
        extension,
      ]),
    );
  },
};

/**
 * A module that exports what some files export, and needs some more.
 *
 * @param {string[]} files
 * @param {string[]} others
 * @returns {import('esbuild').OnLoadResult}
 */
function moduleOf(files, others) {
  const lines = [...others.map(file => `import './${file}';`), ...files.map(file => `export * from './${file}';`)];
  return { contents: lines.join('\n'), resolveDir: root };
}

/**
 * What esbuild is told, for building, for watching and for the architecture test.
 *
 * @param {{ production: boolean, outdir?: string }} how
 * @returns {import('esbuild').BuildOptions & { metafile: true }}
 */
export function bundleOptions({ production, outdir = 'dist' }) {
  const entries = {
    extension: 'src/extension.ts',
    worker: 'src/workers/worker.ts',
    mergeWorker: 'src/export/mergeWorker.ts',
    exportWorker: 'src/export/exportWorker.ts',
    searchWorker: 'src/search/searchWorker.ts',
  };
  return {
    absWorkingDir: root,
    entryPoints: Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(root + file))),
    outdir,
    // All files lie side by side: `new URL('./worker.js', import.meta.url)` must hold in every chunk.
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.19',
    external: ['vscode'],
    banner: { js: requireBanner },
    plugins: [leanUndici, fewFiles],
    // As undici is bundled for Node itself: without its second, experimental parser.
    define: { esbuildDetection: 'true' },
    minify: production,
    sourcemap: production ? false : 'linked',
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
  };
}

/**
 * Builds `dist/` from nothing and keeps esbuild's list of what went into it as `out/metafile.json`.
 *
 * @param {{ production: boolean }} how
 */
export async function bundle(how) {
  await rm(root + 'dist', { recursive: true, force: true });
  const result = await build(bundleOptions(how));
  await mkdir(root + 'out', { recursive: true });
  await writeFile(root + 'out/metafile.json', JSON.stringify(result.metafile));
  return result.metafile;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const watch = process.argv.includes('--watch');
  const production = !watch && !process.argv.includes('--development');
  if (watch) await (await context(bundleOptions({ production }))).watch();
  else await bundle({ production }).catch(() => (process.exitCode = 1)); // esbuild has said why
}
