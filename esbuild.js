// Builds the extension: `dist/extension.js` (the extension host loads it) and `dist/worker.js` (one thread per layer), as ES modules
// with shared chunks, so that what is heavy is read from disk when it is first needed.
//
//   node esbuild.js                build for use: minified, no source maps
//   node esbuild.js --development  readable, with source maps, for the debugger
//   node esbuild.js --watch        the same, and again at every change
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, context } from 'esbuild';

const root = fileURLToPath(new URL('.', import.meta.url));

/** Bundled CommonJS packages call `require` for Node's own modules, which an ES module does not have. */
const requireBanner =
  "import{createRequire as __peelCreateRequire}from'node:module';const require=__peelCreateRequire(import.meta.url);";

/**
 * Leaves out what undici loads and Peel never uses: HTTP/2 (`allowH2: false`) and the bodies of `fetch`; and one of its two forms of llhttp, the one with vectors, which reads long headers faster:
 * 72 kB that every thread would read, find the ends of functions in, and keep.
 *
 * @type {import('esbuild').Plugin}
 */
const leanUndici = {
  name: 'lean-undici',
  setup(build) {
    const unused = /[\\/]undici[\\/]lib[\\/](web[\\/]fetch[\\/]body|dispatcher[\\/]client-h2)\.js$/;
    build.onLoad({ filter: unused }, ({ path }) => ({
      contents: `module.exports = () => { throw new Error(${JSON.stringify(`${basename(path)} of undici is not in this bundle`)}); };`,
    }));
    build.onLoad({ filter: /[\\/]undici[\\/]lib[\\/]llhttp[\\/]llhttp_simd-wasm\.js$/ }, () => ({
      contents: "module.exports = require('./llhttp-wasm.js');",
    }));
  },
};

/**
 * Keeps together what is read at activation. esbuild makes a file of what the same entries share, and all that is imported later is an entry: so the extension's own code would lie in dozens of files,
 * each to be found, read and compiled while the window opens. Here every part that is imported later says that it needs the whole extension, which is there by then. What they share is one file then,
 * but for what threads share too.
 *
 * @type {import('esbuild').Plugin}
 */
const oneStart = {
  name: 'one-start',
  setup(build) {
    const { extension } = Object(build.initialOptions.entryPoints);
    if (extension === undefined) return;
    // Threads read the other rooms too, and there is no extension there.
    const editorOnly = /[\\/]src[\\/](vscode[\\/].*|extension\.ts)$/;
    build.onResolve({ filter: /^\.\.?\// }, ({ kind, importer, resolveDir, path }) =>
      kind === 'dynamic-import' && editorOnly.test(importer)
        ? { path: relative(root, join(resolveDir, path)), namespace: 'later' }
        : undefined,
    );
    build.onLoad({ filter: /^/, namespace: 'later' }, ({ path }) => ({
      contents: `import './${extension}'; export * from ${JSON.stringify(`./${path.replaceAll('\\', '/')}`)};`,
      resolveDir: root,
    }));
  },
};

/**
 * What esbuild is told, for building, for watching and for the architecture test.
 *
 * @param {{ production: boolean, outdir?: string }} how
 * @returns {import('esbuild').BuildOptions & { metafile: true }}
 */
export function bundleOptions({ production, outdir = 'dist' }) {
  const entries = {
    extension: 'src/extension.ts',
    worker: 'src/pull/worker.ts',
    mergeWorker: 'src/pull/mergeWorker.ts',
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
    plugins: [leanUndici, oneStart],
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
