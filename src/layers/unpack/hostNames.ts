import { createHash } from 'node:crypto';
import { hasRawBytes, nameBytes } from '../tar/byteName.ts';

/**
 * Names that Windows reserves for devices, whatever their extension (Microsoft, "Naming Files,
 * Paths, and Namespaces").
 */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;

/**
 * Returns the name under which this system can hold a file: the same name wherever possible. A
 * changed name carries a mark made from the exact bytes, so that two names never become one.
 */
export function hostNameFor(name: string, platform: NodeJS.Platform): string {
  if (platform === 'win32') {
    // oxlint-disable-next-line no-control-regex -- these are the characters that Windows forbids
    const changed = name.replace(/[<>:"|?*\\\u0000-\u001f\udc80-\udcff]/gu, '_').replace(/[. ]+$/, '_');
    return changed === name && !RESERVED.test(name) ? name : marked(changed, name);
  }
  if (platform === 'darwin' && hasRawBytes(name)) return marked(name.replace(/[\udc80-\udcff]/gu, '_'), name);
  return name;
}

/**
 * Returns another name, for one that the file system takes for an existing name. `attempt` counts
 * from 2.
 */
export function divertedName(hostName: string, attempt: number): string {
  return `${hostName.slice(0, 240)}~${attempt}`;
}

function marked(changed: string, name: string): string {
  const mark = createHash('sha256').update(nameBytes(name)).digest('hex').slice(0, 8);
  return `${RESERVED.test(changed) ? '_' : ''}${changed.slice(0, 200)}~${mark}`;
}
