import { fileURLToPath, pathToFileURL } from 'node:url';

/** Returns the address that stands for a folder or archive in place of a registry's. */
export function localAddress(path: string): string {
  return pathToFileURL(path).href;
}

/** Returns the path of such an address; `undefined` for a registry's. */
export function localPath(address: string): string | undefined {
  return address.startsWith('file:') ? fileURLToPath(address) : undefined;
}
