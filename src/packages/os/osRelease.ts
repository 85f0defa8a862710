import type { OperatingSystem } from '../package.ts';

/** Where it is (os-release(5)): the second counts only if the first is missing. */
export const OS_RELEASE = ['etc/os-release', 'usr/lib/os-release'] as const;

/**
 * Reads os-release: shell assignments, without expansion. Returns `undefined` if it names nothing.
 */
export function readOsRelease(text: string): OperatingSystem | undefined {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^\s*([A-Z][A-Z0-9_]*)=(.*?)\s*$/.exec(line.slice(0, 4096)) ?? [];
    if (key !== undefined && value !== undefined) values.set(key, unquoted(value));
  }
  const id = (values.get('ID') ?? '').toLowerCase();
  const name = values.get('PRETTY_NAME') || values.get('NAME') || id;
  if (name === '') return undefined;
  const version = values.get('VERSION_ID') ?? '';
  const like = (values.get('ID_LIKE') ?? '').split(/\s+/).filter(Boolean);
  return { id: id || 'linux', name, ...(version ? { version } : {}), ...(like.length > 0 ? { like } : {}) };
}

function unquoted(value: string): string {
  const single = /^'([^']*)'$/.exec(value);
  if (single) return single[1] ?? '';
  const bare = /^"(.*)"$/.exec(value)?.[1] ?? value;
  return bare.replaceAll(/\\(.)/g, '$1');
}
