/** An object of unknown content, not an array. */
export type Json = Readonly<Record<string, unknown>>;

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses JSON that must hold an object. */
export function parseJson(text: string | Buffer): Json {
  const value: unknown = JSON.parse(text.toString());
  if (!isJson(value)) throw new TypeError('the document is not a JSON object');
  return value;
}
