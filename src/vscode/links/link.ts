/** What a link to Peel opens. */
export interface Link {
  readonly reference: string;
  readonly path?: string;
  /** A layer's number or digest. */
  readonly layer?: number | string;
}

const PATH = '/open';

/** A link to Peel isn't one that it understands. */
export class InvalidLinkError extends Error {
  constructor() {
    super('The link names no image. A link to Peel ends in "/open?reference=…".');
    this.name = 'InvalidLinkError';
  }
}

/** Returns a link that opens an image, or a file of it, in VS Code. @param extension its id */
export function formatLink(extension: string, { reference, path, layer }: Link): string {
  const query = new URLSearchParams({
    reference,
    ...(path === undefined ? {} : { path }),
    ...(layer === undefined ? {} : { layer: String(layer) }),
  });
  return `vscode://${extension}${PATH}?${query.toString()}`;
}

/** Reads a link's path and query. @throws {InvalidLinkError} */
export function parseLink(path: string, query: string): Link {
  const fields = new URLSearchParams(query);
  const reference = fields.get('reference');
  const [file, layer] = [fields.get('path'), fields.get('layer')];
  if (path !== PATH || !reference) throw new InvalidLinkError();
  return {
    reference,
    ...(file ? { path: file } : {}),
    ...(layer ? { layer: /^\d{1,6}$/.test(layer) ? Number(layer) : layer } : {}),
  };
}
