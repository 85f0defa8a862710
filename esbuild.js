// Builds the extension: `dist/extension.js` (the extension host loads it) and `dist/worker.js` (one
// thread per layer), as ES modules with shared chunks, so that what is heavy is read from disk when
// it is first needed.
//
//   node esbuild.js                build for use: minified, no source maps
//   node esbuild.js --development  readable, with source maps, for the debugger
//   node esbuild.js --watch        the same, and again at every change
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, context } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));

/**
 * Bundled CommonJS packages call `require` for Node's own modules, which an ES module does not
 * have.
 */
const requireBanner =
  "import{createRequire as __peelCreateRequire}from'node:module';const require=__peelCreateRequire(import.meta.url);";

/**
 * Leaves out what undici loads and Peel never uses: HTTP/2 (`allowH2: false`), the bodies of
 * `fetch` and forms; and one of its two forms of llhttp, the one with vectors, which reads long
 * headers faster: 72 kB that every thread would read, find the ends of functions in, and keep.
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

/**
 * Names the hash where Sigstore's library verifies a signature without one. Node has a default for
 * EC and RSA keys; the crypto of Electron, which VS Code runs on, throws, and the library would
 * call every signature invalid. Ed25519 keys take none.
 *
 * @type {import('esbuild').Plugin}
 */
export const namedHashes = {
  name: 'named-hashes',
  setup(build) {
    build.onLoad({ filter: /[\\/]@sigstore[\\/]core[\\/]dist[\\/]crypto\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const call = 'crypto_1.default.verify(algorithm, data';
      if (!text.includes(call)) throw new Error(`${path} doesn't verify signatures as expected`);
      const hash = "algorithm ?? (['ec', 'rsa'].includes(key.asymmetricKeyType) ? 'sha256' : undefined)";
      return { contents: text.replace(call, `crypto_1.default.verify(${hash}, data`) };
    });
  },
};

const EXTENSION = 'src/extension.ts';
const WORKER = 'src/workers/worker.ts';

/**
 * Folders whose files are loaded together: `browsing` at the first look at an image, `reading` when
 * an image's layers are read. Files elsewhere belong to the feature that imports them.
 */
const GROUPS = {
  browsing: ['blobs', 'browse/tree', 'overlay', 'pull', 'resolve', 'workers', 'vscode/command'],
  reading: ['browse', 'layerAccess', 'layers', 'layout'],
};

/**
 * A generated module.
 *
 * @typedef {{ exports: readonly string[], imports: readonly string[] }} Generated the files whose
 * exports it has, and those that it only loads
 */

/**
 * Keeps modules that are loaded together in few files. esbuild splits by entry points, and every
 * `import()` is one, so the sources would end up in hundreds of small files, each of which takes
 * the extension host longer to find and compile than its content is worth. Here everything that the
 * editor imports later from a group is one module, and every other entry point also loads the
 * groups that it reaches.
 *
 * @type {import('esbuild').Plugin}
 */
const fewFiles = {
  name: 'few-files',
  setup(build) {
    const entries = Object.values(Object(build.initialOptions.entryPoints));
    if (!entries.includes(EXTENSION)) return;
    /** @type {Map<string, string>} */
    let groupOf = new Map();
    /** @type {Map<string, Generated>} */
    let modules = new Map();
    build.onStart(async () => {
      ({ groupOf, modules } = await planModules(entries));
    });
    const named = (/** @type {string} */ path) => relative(root, path).replaceAll('\\', '/');
    build.onResolve({ filter: /^/ }, ({ kind, importer, resolveDir, path }) => {
      if (kind === 'entry-point') return { path: named(join(root, path)), namespace: 'entry' };
      if (kind !== 'dynamic-import' || !path.startsWith('.') || !inEditor(named(importer))) return undefined;
      const file = named(join(resolveDir, path));
      return { path: groupOf.get(file) ?? file, namespace: 'later' };
    });
    for (const namespace of ['entry', 'later'])
      build.onLoad({ filter: /^/, namespace }, ({ path }) => {
        const { imports, exports } = modules.get(path) ?? { imports: [], exports: [path] };
        const lines = [
          ...imports.map(file => `import './${file}';`),
          ...exports.map(file => `export * from './${file}';`),
        ];
        return { contents: lines.join('\n'), resolveDir: root };
      });
  },
};

/** @param {string} file */
function inEditor(file) {
  return file === EXTENSION || file.startsWith('src/vscode/');
}

/**
 * Finds which module of which group each file is in, and what every generated module contains, from
 * the imports of the sources.
 *
 * @param {readonly string[]} entries
 * @returns {Promise<{ groupOf: Map<string, string>, modules: Map<string, Generated> }>}
 */
async function planModules(entries) {
  const options = {
    ...bundleOptions({ production: false }),
    entryPoints: [...entries],
    plugins: [leanUndici, namedHashes],
  };
  const { metafile } = await build({ ...options, sourcemap: false, write: false });
  const importsOf = (/** @type {string} */ file, /** @type {string} */ kind) =>
    (metafile.inputs[file]?.imports ?? []).filter(item => item.kind === kind && !item.external).map(item => item.path);
  const ours = Object.keys(metafile.inputs).filter(file => file.startsWith('src/'));
  const later = new Set(ours.filter(inEditor).flatMap(file => importsOf(file, 'dynamic-import')));

  /** @param {readonly string[]} files */
  const closureOf = files => {
    const seen = new Set(files);
    // The loop also visits what it adds.
    for (const file of seen) for (const next of importsOf(file, 'import-statement')) seen.add(next);
    return seen;
  };
  const within = (/** @type {readonly string[]} */ folders) => (/** @type {string} */ file) =>
    folders.some(folder => file.startsWith(`src/${folder}/`));
  const coreLater = [...later].filter(file => !inEditor(file));
  const browsing = coreLater.filter(within(GROUPS.browsing));
  const browsed = [EXTENSION, ...ours.filter(inEditor).filter(within(GROUPS.browsing)), ...browsing];
  const loaded = closureOf(browsed);
  const reading = coreLater.filter(within(GROUPS.reading)).filter(file => !browsing.includes(file));
  const onlyReading = [...closureOf(reading)].filter(file => !loaded.has(file));
  const worker = closureOf([WORKER]);
  const shared = [...loaded, ...onlyReading].filter(file => worker.has(file) && ours.includes(file));
  refuseSharedNames(metafile, browsing);
  refuseSharedNames(metafile, reading);

  const modules = new Map([
    ['browsing', { exports: browsing, imports: browsed }],
    ['reading', { exports: reading, imports: [...browsed, ...reading] }],
    ...entries.map(entry => named(entry, entry === EXTENSION ? [] : shared)),
    ...[...later].map(file => {
      const own = closureOf([file]);
      return named(file, onlyReading.some(needed => own.has(needed)) ? [...browsed, ...reading] : browsed);
    }),
  ]);
  const groupOf = new Map([
    ...browsing.map(file => /** @type {const} */ ([file, 'browsing'])),
    ...reading.map(file => /** @type {const} */ ([file, 'reading'])),
  ]);
  return { groupOf, modules };
}

/**
 * @param {string} file
 * @param {readonly string[]} imports
 * @returns {[string, Generated]}
 */
function named(file, imports) {
  return [file, { exports: [file], imports }];
}

/**
 * Two files of one group must not export the same name: `export *` would drop it silently.
 *
 * @param {import('esbuild').Metafile} metafile
 * @param {readonly string[]} files
 */
function refuseSharedNames({ outputs }, files) {
  const names = Object.values(outputs)
    .filter(({ entryPoint }) => entryPoint !== undefined && files.includes(entryPoint))
    .flatMap(output => output.exports);
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  if (twice.length > 0) throw new Error(`Exported by two files that are bundled together: ${twice.join(', ')}`);
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
    changesWorker: 'src/changes/changesWorker.ts',
    searchWorker: 'src/search/searchWorker.ts',
    packageWorker: 'src/packages/packageWorker.ts',
  };
  return {
    absWorkingDir: root,
    entryPoints: Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(root + file))),
    outdir,
    // All files lie side by side: `new URL('./worker.js', import.meta.url)` must hold in every
    // chunk.
    entryNames: '[name]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22.19',
    external: ['vscode'],
    // Their builds for Node are CommonJS: larger, and the second one can't be bundled.
    alias: {
      yaml: join(root, 'node_modules/yaml/browser/dist/index.js'),
      'jsonc-parser': join(root, 'node_modules/jsonc-parser/lib/esm/main.js'),
    },
    banner: { js: requireBanner },
    plugins: [leanUndici, namedHashes, fewFiles],
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
