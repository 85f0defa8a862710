import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { LoggedRequest } from '../listen.ts';
import { bodyBytes, bodyLength, bodySlice, type Reply, writeBody } from './reply.ts';

/** Turns the honest answer into another one. */
export type Fault = (reply: Reply, request: LoggedRequest) => Reply | Promise<Reply>;

/** Which requests a fault is for; what is left out matches all. */
export interface FaultMatch {
  readonly method?: string;
  /** A part of the path, or a pattern for it; the query does not count. */
  readonly path?: string | RegExp;
  readonly when?: (request: LoggedRequest) => boolean;
  /** Let this many matching requests pass before. */
  readonly after?: number;
  /** How often it strikes; absent = always. */
  readonly times?: number;
}

/** A fault at work. */
export interface ActiveFault {
  /** How often it struck. */
  readonly hits: number;
  remove(): void;
}

/** The hook list of a registry: each fault that matches changes the answer, in the order in which they were added. */
export class Faults {
  #active: { match: FaultMatch; fault: Fault; seen: number; hits: number }[] = [];

  add(match: FaultMatch, fault: Fault): ActiveFault {
    const entry = { match, fault, seen: 0, hits: 0 };
    this.#active.push(entry);
    return {
      get hits() {
        return entry.hits;
      },
      remove: () => void (this.#active = this.#active.filter(other => other !== entry)),
    };
  }

  clear(): void {
    this.#active = [];
  }

  async apply(reply: Reply, request: LoggedRequest): Promise<Reply> {
    let result = reply;
    for (const entry of this.#active) {
      const { match } = entry;
      if (!matches(match, request)) continue;
      if (entry.seen++ < (match.after ?? 0) || entry.hits >= (match.times ?? Infinity)) continue;
      entry.hits++;
      result = await entry.fault(result, request);
    }
    return result;
  }
}

function matches(match: FaultMatch, request: LoggedRequest): boolean {
  if (match.method !== undefined && match.method !== request.method) return false;
  if (typeof match.path === 'string' && !request.path.includes(match.path)) return false;
  if (match.path instanceof RegExp && !match.path.test(request.path)) return false;
  return match.when?.(request) ?? true;
}

/** Another status with an error body of the spec; nothing of the honest answer stays. */
export function status(code: number, headers: Reply['headers'] = {}, errorCode = 'UNKNOWN'): Fault {
  const body = JSON.stringify({ errors: [{ code: errorCode, message: `fault ${code}` }] });
  return () => ({ status: code, headers: { 'content-type': 'application/json', ...headers }, body: Buffer.from(body) });
}

/** An answer without body and content type. */
export function bareStatus(code: number, headers: Reply['headers'] = {}): Fault {
  return () => ({ status: code, headers, body: Buffer.alloc(0) });
}

/** A web page where the API's answer belongs, as proxies and captive portals send it. */
export function html(code = 200, page = '<!doctype html><html><body><h1>Please sign in</h1></body></html>'): Fault {
  return () => ({ status: code, headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from(page) });
}

/** Sends the reader elsewhere. Without `to`, to the same address again: a loop. */
export function redirect(to?: string | ((request: LoggedRequest) => string), code = 307): Fault {
  return (_, request) => ({
    status: code,
    headers: { location: typeof to === 'function' ? to(request) : (to ?? request.path) },
    body: Buffer.alloc(0),
  });
}

/** Changes headers; '' takes one away. */
export function headers(changed: Reply['headers']): Fault {
  return reply => ({ ...reply, headers: { ...reply.headers, ...changed } });
}

/** Another body with the honest status; Content-Length fits it. */
export function body(bytes: Buffer | string): Fault {
  return reply => ({ ...reply, body: Buffer.from(bytes) });
}

/** One changed byte (the last one, or at `position`): everything fits but the digest. */
export function corrupt(position = -1): Fault {
  return reply => {
    const bytes = Buffer.from(bodyBytes(reply.body));
    const at = position < 0 ? bytes.length + position : position;
    if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    return { ...reply, body: bytes };
  };
}

/** Ends early and politely: Content-Length fits the short body. */
export function shorten(length: number): Fault {
  return reply => ({ ...reply, body: bodySlice(reply.body, 0, length) });
}

/** More bytes than there should be, with a Content-Length that admits it. */
export function lengthen(extra: Buffer): Fault {
  return reply => ({ ...reply, body: Buffer.concat([bodyBytes(reply.body), extra]) });
}

/** Says a Content-Length that is off by `delta`, sends all and closes the connection. */
export function wrongLength(delta: number): Fault {
  return reply => ({
    ...reply,
    headers: { ...reply.headers, 'content-length': String(bodyLength(reply.body) + delta), connection: 'close' },
    deliver: async (bytes, response) => {
      await writeBody(bytes, response);
      response.socket?.end();
    },
  });
}

/** No Content-Length: the body goes out in chunks. */
export function chunked(): Fault {
  return headers({ 'content-length': '' });
}

/** Sends so many bytes of the body, then resets the connection (RST). */
export function resetAfter(length: number): Fault {
  return cut(length, socket => socket.resetAndDestroy());
}

/** Sends so many bytes, then ends the connection as if all were well (FIN), though Content-Length promised more. */
export function truncate(length: number): Fault {
  return cut(length, socket => socket.end());
}

function cut(length: number, end: (socket: Socket) => void): Fault {
  return reply => ({
    ...withLength(reply),
    deliver: async (bytes, response) => {
      // The response has no socket of its own as long as an earlier one on the connection has not ended.
      const { socket } = response.req;
      response.flushHeaders();
      await writeBody(bodySlice(bytes, 0, length), response);
      // Let the bytes leave the process first: a reset throws away what is still queued.
      if (socket.writableNeedDrain) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
      if (!socket.destroyed) setTimeout(() => end(socket), 20);
    },
  });
}

/** Resets the connection before any answer. */
export function resetAtOnce(): Fault {
  return reply => ({ ...reply, status: 0 });
}

/** Sends so many bytes of the body, then nothing more, for ever. */
export function stall(length = 0): Fault {
  return reply => ({
    ...withLength(reply),
    deliver: async (bytes, response) => {
      response.flushHeaders();
      await writeBody(bodySlice(bytes, 0, length), response);
    },
  });
}

/** Takes the request and never answers. */
export function silence(): Fault {
  return reply => ({ ...reply, status: -1 });
}

/** Waits before it answers honestly. */
export function delay(milliseconds: number): Fault {
  return async reply => {
    await sleep(milliseconds);
    return reply;
  };
}

/** A few bytes at a time. */
export function drip(bytesEach: number, milliseconds: number): Fault {
  return reply => ({
    ...withLength(reply),
    deliver: async (bytes, response, closed) => {
      for (let at = 0; at < bodyLength(bytes) && !closed.aborted; at += bytesEach) {
        await writeBody(bodySlice(bytes, at, at + bytesEach), response);
        await sleep(milliseconds, undefined, { signal: closed }).catch(() => undefined);
      }
      response.end();
    },
  });
}

/** Calls back when so many bytes of the body went out, then sends the rest: to cancel or to look in the middle of a transfer. */
export function pauseAt(length: number, reached: () => void | Promise<void>): Fault {
  return reply => ({
    ...withLength(reply),
    deliver: async (bytes, response) => {
      response.flushHeaders();
      await writeBody(bodySlice(bytes, 0, length), response);
      await reached();
      if (response.destroyed) return;
      await writeBody(bodySlice(bytes, length, bodyLength(bytes)), response);
      response.end();
    },
  });
}

/** Compresses the body though nobody asked, as some proxies do. */
export function gzipped(): Fault {
  return reply => ({
    ...reply,
    headers: { ...reply.headers, 'content-encoding': 'gzip', 'content-length': '' },
    body: gzipSync(bodyBytes(reply.body)),
  });
}

/** No ranges here: a request for a part gets a 200 and the whole. */
export function noRanges(): Fault {
  return ({ whole, ...reply }) => {
    const honest = { ...reply.headers, 'accept-ranges': '', 'content-range': '' };
    if (!whole) return { ...reply, headers: honest };
    return { ...reply, status: 200, headers: { ...honest, 'content-length': String(bodyLength(whole)) }, body: whole };
  };
}

/** Answers a range from another place than asked for, and says so. */
export function shiftedRange(by: number): Fault {
  return reply => {
    const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(String(reply.headers['content-range']));
    if (!match || !reply.whole) return reply;
    const size = Number(match[3]);
    const start = Math.max(0, Math.min(size - 1, Number(match[1]) + by));
    const part = bodySlice(reply.whole, start, Number(match[2]) + 1);
    const contentRange = `bytes ${start}-${start + bodyLength(part) - 1}/${size}`;
    return {
      ...reply,
      headers: { ...reply.headers, 'content-range': contentRange, 'content-length': String(bodyLength(part)) },
      body: part,
    };
  };
}

/** Changes what Content-Range says, by default to a part one byte further on; the bytes stay those that were asked for. */
export function lyingRange(contentRange?: string): Fault {
  return reply => {
    const honest = reply.headers['content-range'];
    if (typeof honest !== 'string') return reply;
    const lie = contentRange ?? honest.replace(/\d+/g, digits => String(Number(digits) + 1));
    return { ...reply, headers: { ...reply.headers, 'content-range': lie } };
  };
}

/** A JSON document changed in passing; it must be JSON before. */
export function json(change: (value: unknown) => unknown): Fault {
  return reply => {
    const value: unknown = JSON.parse(bodyBytes(reply.body).toString());
    return { ...reply, body: Buffer.from(JSON.stringify(change(value))) };
  };
}

/** Fixes Content-Length at what the whole body would need. */
function withLength(reply: Reply): Reply {
  return { ...reply, headers: { 'content-length': String(bodyLength(reply.body)), ...reply.headers } };
}
