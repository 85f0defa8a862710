// Compiles assembly/ to WebAssembly and writes it, in base64, to the committed inflate.wasm.ts:
// `node src/layers/compression/inflate/build.js`. inflateBuild.test.ts checks that it is up to
// date.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/**
 * Returns the content of inflate.wasm.ts.
 * @returns {Promise<string>}
 */
export async function compileInflate() {
  const { main } = await import('assemblyscript/asc');
  const folder = fileURLToPath(new URL('assembly', import.meta.url));
  /** @type {Uint8Array | undefined} */
  let binary;
  const flags =
    '-O3 --noAssert --runtime stub --enable simd --enable threads --importMemory --zeroFilledMemory --sharedMemory --initialMemory 8 --maximumMemory 256';
  const { error } = await main(['index.ts', '--baseDir', folder, '--outFile', 'inflate.wasm', ...flags.split(' ')], {
    writeFile(_name, contents) {
      if (typeof contents !== 'string') binary = contents;
    },
  });
  if (error !== null || binary === undefined) throw new Error('asc failed', { cause: error });
  const lines =
    Buffer.from(binary)
      .toString('base64')
      .match(/.{1,110}/g) ?? [];
  return [
    '// Made by build.js from assembly/: do not edit.',
    '/** The WebAssembly module of the inflate, in base64. */',
    'export const INFLATE_WASM =',
    `${lines.map(line => `  '${line}'`).join(' +\n')};`,
    '',
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(new URL('inflate.wasm.ts', import.meta.url), await compileInflate());
}
