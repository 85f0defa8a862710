import { Elf } from './elf.ts';
import { found, type Finding, type FoundPackage } from './finding.ts';

/** The magic of build information, at a multiple of 16 bytes (Go, debug/buildinfo). */
const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');
const ALIGNMENT = 16;
/** Where the strings start, and the flag that says they do (Go 1.18). */
const STRINGS = 32;
const INLINE_STRINGS = 2;
/** Bytes around the modules' text. */
const FRAME = 16;

/**
 * Reads the modules of a Go program, and the Go that built it as package `stdlib`. Returns
 * `undefined` if it has no build information.
 */
export function readGoProgram(file: Buffer): Finding | undefined {
  const elf = Elf.of(file);
  const at = placeOf(elf ? (elf.section('.go.buildinfo') ?? elf.data()) : file);
  if (!at) return undefined;
  if (((at[15] ?? 0) & INLINE_STRINGS) === 0)
    return { packages: [], notes: ['was built by Go 1.17 or older, whose list of modules is not read'] };
  const [version, next] = stringAt(at, STRINGS);
  const [framed] = stringAt(at, next);
  const text = framed.length > 2 * FRAME ? framed.toString('utf8', FRAME, framed.length - FRAME) : '';
  const toolchain = /^go(\d[^\s]*)/.exec(version.toString('utf8'))?.[1];
  return { packages: [...found('golang', 'stdlib', toolchain), ...modulesIn(text)] };
}

function placeOf(data: Buffer | undefined): Buffer | undefined {
  if (!data) return undefined;
  for (let at = data.indexOf(MAGIC); at !== -1; at = data.indexOf(MAGIC, at + 1))
    if (at % ALIGNMENT === 0) return data.subarray(at);
  return undefined;
}

/** Returns a string after its length, a varint; and where it ends. */
function stringAt(bytes: Buffer, start: number): readonly [Buffer, number] {
  let length = 0;
  let at = start;
  for (let shift = 1; at < bytes.length && at < start + 5; shift *= 128) {
    const byte = bytes[at++] ?? 0;
    length += (byte & 0x7f) * shift;
    if (byte < 0x80) return [bytes.subarray(at, at + length), at + length];
  }
  return [Buffer.alloc(0), bytes.length];
}

/**
 * Reads the lines of a program's modules. A line `=>` replaces the module before it. The version of
 * the program itself is often unknown, `(devel)`; then the linker's flags may set one.
 */
function modulesIn(text: string): FoundPackage[] {
  const modules: { name: string | undefined; version: string | undefined }[] = [];
  let flags = '';
  for (const line of text.split('\n')) {
    const [kind, name, version] = line.split('\t');
    if (kind === 'mod' || kind === 'dep') modules.push({ name, version });
    else if (kind === '=>') modules.splice(-1, 1, { name, version });
    else if (kind === 'build' && name?.startsWith('-ldflags=')) flags = name;
  }
  const [main] = modules;
  if (main?.version === '(devel)' && text.includes('\nmod\t')) main.version = versionIn(flags) ?? main.version;
  return modules.flatMap(({ name, version }) => found('golang', name, version));
}

function versionIn(flags: string): string | undefined {
  const set = /-X[= ]['"]?[\w./-]*\.[vV]ersion=v?(\d+\.\d+[\w.+-]*)/.exec(flags.slice(0, 20_000))?.[1];
  return set === undefined ? undefined : `v${set}`;
}
