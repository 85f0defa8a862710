import { fileURLToPath, pathToFileURL } from 'node:url';

/** The address by which a folder or archive on this machine stands in for a registry. */
export function localAddress(path: string): string {
  return pathToFileURL(path).href;
}

/** The path that such an address means; `undefined` for a registry's. */
export function localPath(address: string): string | undefined {
  return address.startsWith('file:') ? fileURLToPath(address) : undefined;
}
