import { createReadStream, readFileSync } from 'node:fs';
import type http from 'node:http';
import { once } from 'node:events';

/** A body in memory, or a part `[start, end)` of a file. */
export type Body = Buffer | { readonly path: string; readonly start: number; readonly end: number };

/** An answer before it is sent: what the faults work on. Header names are in lower case. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** What a GET gets; a HEAD gets the headers alone. */
  readonly body: Body;
  /** Of an answer to a range: the whole blob. */
  readonly whole?: Body;
  /** How the body goes out; absent = whole and at once. */
  readonly deliver?: Deliver;
}

/** Sends a body in its own way. The head was written; it must end or cut the response. Stops when `closed` aborts (the client left, or the server closes). */
export type Deliver = (body: Body, response: http.ServerResponse, closed: AbortSignal) => Promise<void>;

export function bodyLength(body: Body): number {
  return Buffer.isBuffer(body) ? body.length : body.end - body.start;
}

/** All of a body in memory. */
export function bodyBytes(body: Body): Buffer {
  return Buffer.isBuffer(body) ? body : readFileSync(body.path).subarray(body.start, body.end);
}

/** A part of a body, positions counted from the body's start. */
export function bodySlice(body: Body, start: number, end: number): Body {
  if (Buffer.isBuffer(body)) return body.subarray(start, end);
  return { path: body.path, start: body.start + start, end: Math.min(body.end, body.start + end) };
}

export function jsonReply(status: number, value: unknown, headers: Reply['headers'] = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: Buffer.from(JSON.stringify(value)),
  };
}

/** An error as the distribution-spec writes it. */
export function errorReply(status: number, code: string, message: string, headers: Reply['headers'] = {}): Reply {
  return jsonReply(status, { errors: [{ code, message, detail: null }] }, headers);
}

/** Writes a body to the response and waits where the client is slow. Does not end the response. */
export async function writeBody(body: Body, response: http.ServerResponse): Promise<void> {
  if (bodyLength(body) === 0) return;
  const chunks = Buffer.isBuffer(body)
    ? [body]
    : createReadStream(body.path, { start: body.start, end: body.end - 1, highWaterMark: 1 << 20 });
  for await (const chunk of chunks) {
    if (response.destroyed) return;
    if (!response.write(chunk)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
}

/** Sends a reply. Content-Length is the body's unless the reply says otherwise; a header set to '' is left out. */
export async function sendReply(reply: Reply, method: string, response: http.ServerResponse): Promise<void> {
  const headers: Record<string, string | readonly string[]> = {
    'content-length': String(bodyLength(reply.body)),
    ...reply.headers,
  };
  for (const [name, value] of Object.entries(headers)) {
    if (value === '') continue;
    response.setHeader(name, value);
  }
  response.writeHead(reply.status);
  if (method === 'HEAD') return void response.end();
  if (reply.deliver) {
    const closed = new AbortController();
    response.once('close', () => closed.abort());
    return reply.deliver(reply.body, response, closed.signal);
  }
  await writeBody(reply.body, response);
  response.end();
}
