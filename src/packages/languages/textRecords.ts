import { found, type Finding } from './finding.ts';

/**
 * Reads the head of Python's METADATA or PKG-INFO: mail-like headers up to the first empty line
 * (Core metadata specifications).
 */
export function readPythonMetadata(file: Buffer): Finding {
  const [head = ''] = file.toString('utf8').split(/\r?\n\r?\n/, 1);
  const headers = new Map<string, string[]>();
  for (const line of head.split(/\r?\n/)) {
    // Continuation lines belong to long fields, which don't matter here.
    const [, name, value] = /^([A-Za-z-]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const key = name.toLowerCase();
    headers.set(key, [...(headers.get(key) ?? []), value.trim()]);
  }
  const first = (name: string): string | undefined => headers.get(name)?.find(value => value !== '');
  return { packages: found('pypi', first('name'), first('version'), pythonLicense(first, headers)) };
}

/** The `License` of old packages may be a whole text, whose first line says nothing. */
function pythonLicense(
  first: (name: string) => string | undefined,
  headers: ReadonlyMap<string, readonly string[]>,
): string | undefined {
  const stated = first('license-expression') ?? first('license');
  if (stated !== undefined && stated !== 'UNKNOWN' && stated.length <= 100) return stated;
  const classified = headers.get('classifier')?.filter(value => value.startsWith('License ::')) ?? [];
  return classified[0]?.split('::').at(-1)?.trim();
}

const GEM_STRING = String.raw`(?:"([^"\n]*)"|'([^'\n]*)')`;
const GEM_NAME = new RegExp(String.raw`^\s*\w+\.name\s*=\s*${GEM_STRING}`, 'm');
const GEM_VERSION = new RegExp(String.raw`^\s*\w+\.version\s*=\s*(?:Gem::Version\.new\s*\(?\s*)?${GEM_STRING}`, 'm');
const GEM_LICENSES = /^\s*\w+\.licenses?\s*=\s*(\[[^\]\n]*\]|"[^"\n]*"|'[^'\n]*')/m;

/**
 * Reads a Ruby gemspec by its assignments, and never evaluates it. What is computed there is taken
 * from the file's name, `name-version.gemspec`.
 */
export function readGemspec(file: Buffer, path: string): Finding {
  const text = file.toString('utf8');
  const [, byName, versionByName] = /([^/]+?)-(\d[^/-]*)(?:-[^/]*)?\.gemspec$/.exec(path) ?? [];
  const name = literal(GEM_NAME.exec(text)) ?? byName;
  const version = literal(GEM_VERSION.exec(text)) ?? versionByName;
  const licenses = [...(GEM_LICENSES.exec(text)?.[1] ?? '').matchAll(new RegExp(GEM_STRING, 'g'))].map(literal);
  const license = licenses.every(one => one !== undefined) ? licenses.join(' OR ') : undefined;
  return { packages: found('gem', name, version, licenses.length > 1 && license ? `(${license})` : license) };
}

/** Returns a string's content, unless Ruby would compute it. */
function literal(match: RegExpMatchArray | null): string | undefined {
  const text = match?.[1] ?? match?.[2];
  return text === undefined || text.includes('#{') ? undefined : text;
}

/**
 * Reads the licenses of Debian's `copyright`, if it is machine-readable (copyright-format 1.0).
 * They apply to different files, so all of them count.
 */
export function readCopyright(file: Buffer): string | undefined {
  const text = file.toString('utf8');
  if (!/^Format(?:-Specification)?:/im.test(text.slice(0, 2_000))) return undefined;
  const names = new Set<string>();
  for (const [, name = ''] of text.matchAll(/^License:[ \t]*(\S[^\n]*)$/gm)) names.add(name.trim());
  const all = [...names].filter(name => name.length <= 100).slice(0, 40);
  if (all.length === 0) return undefined;
  return all.length === 1 ? all[0] : all.map(name => (/ or /i.test(name) ? `(${name})` : name)).join(' AND ');
}
