import { createReadStream, readFileSync } from 'node:fs';
import type http from 'node:http';
import { once } from 'node:events';

/** A body in memory, or a range `[start, end)` of a file. */
export type Body = Buffer | { readonly path: string; readonly start: number; readonly end: number };

/** A reply before it is sent, which faults change. Header names are in lower case. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** The body of a GET; a HEAD gets only the headers. */
  readonly body: Body;
  /** For a reply to a range request: the whole blob. */
  readonly whole?: Body;
  /** How to send the body; default: whole and at once. */
  readonly deliver?: Deliver;
}

/**
 * Sends a body in its own way, after the head has been written. It must end or abort the response,
 * and stops when `closed` aborts (the client left, or the server closes).
 */
export type Deliver = (body: Body, response: http.ServerResponse, closed: AbortSignal) => Promise<void>;

export function bodyLength(body: Body): number {
  return Buffer.isBuffer(body) ? body.length : body.end - body.start;
}

/** Returns a body as one buffer. */
export function bodyBytes(body: Body): Buffer {
  return Buffer.isBuffer(body) ? body : readFileSync(body.path).subarray(body.start, body.end);
}

/** Returns part of a body, with positions counted from the body's start. */
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

/** Returns an error in the format of the distribution-spec. */
export function errorReply(status: number, code: string, message: string, headers: Reply['headers'] = {}): Reply {
  return jsonReply(status, { errors: [{ code, message, detail: null }] }, headers);
}

/** Writes a body to the response, and waits for slow clients. Does not end the response. */
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

/**
 * Sends a reply. Content-Length is the body's unless the reply sets it; a header set to '' is
 * omitted.
 */
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
