import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { LoggedRequest } from '../listen.ts';
import { bodyBytes, bodyLength, bodySlice, type Reply, writeBody } from './reply.ts';

/** Replaces the correct reply with another. */
export type Fault = (reply: Reply, request: LoggedRequest) => Reply | Promise<Reply>;

/** The requests that a fault applies to; omitted properties match all. */
export interface FaultMatch {
  readonly method?: string;
  /** A part of the path, or a pattern for it, without the query. */
  readonly path?: string | RegExp;
  readonly when?: (request: LoggedRequest) => boolean;
  /** The number of matching requests to let pass first. */
  readonly after?: number;
  /** How often it occurs; default: always. */
  readonly times?: number;
}

/** An active fault. */
export interface ActiveFault {
  /** How often it has occurred. */
  readonly hits: number;
  remove(): void;
}

/**
 * A registry's faults: each one that matches changes the reply, in the order in which they were
 * added.
 */
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

/** Returns another status with an error body of the spec; drops the correct reply. */
export function status(code: number, headers: Reply['headers'] = {}, errorCode = 'UNKNOWN'): Fault {
  const body = JSON.stringify({ errors: [{ code: errorCode, message: `fault ${code}` }] });
  return () => ({ status: code, headers: { 'content-type': 'application/json', ...headers }, body: Buffer.from(body) });
}

/** Returns a reply without a body and content type. */
export function bareStatus(code: number, headers: Reply['headers'] = {}): Fault {
  return () => ({ status: code, headers, body: Buffer.alloc(0) });
}

/** Returns a web page in place of the API's response, as proxies and captive portals do. */
export function html(code = 200, page = '<!doctype html><html><body><h1>Please sign in</h1></body></html>'): Fault {
  return () => ({ status: code, headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from(page) });
}

/** Redirects the client. Without `to`, redirects to the same address again: a loop. */
export function redirect(to?: string | ((request: LoggedRequest) => string), code = 307): Fault {
  return (_, request) => ({
    status: code,
    headers: { location: typeof to === 'function' ? to(request) : (to ?? request.path) },
    body: Buffer.alloc(0),
  });
}

/** Changes headers; '' removes one. */
export function headers(changed: Reply['headers']): Fault {
  return reply => ({ ...reply, headers: { ...reply.headers, ...changed } });
}

/** Replaces the body and keeps the status; Content-Length matches it. */
export function body(bytes: Buffer | string): Fault {
  return reply => ({ ...reply, body: Buffer.from(bytes) });
}

/** Changes one byte (the last one, or the one at `position`), so that only the digest is wrong. */
export function corrupt(position = -1): Fault {
  return reply => {
    const bytes = Buffer.from(bodyBytes(reply.body));
    const at = position < 0 ? bytes.length + position : position;
    if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    return { ...reply, body: bytes };
  };
}

/** Ends the body early but correctly: Content-Length matches the short body. */
export function shorten(length: number): Fault {
  return reply => ({ ...reply, body: bodySlice(reply.body, 0, length) });
}

/** Sends more bytes than the blob has, with a matching Content-Length. */
export function lengthen(extra: Buffer): Fault {
  return reply => ({ ...reply, body: Buffer.concat([bodyBytes(reply.body), extra]) });
}

/**
 * Sends a Content-Length that is off by `delta`, then the whole body, and closes the connection.
 */
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

/** Omits Content-Length and sends the body in chunks. */
export function chunked(): Fault {
  return headers({ 'content-length': '' });
}

/** Sends this many bytes of the body, then resets the connection (RST). */
export function resetAfter(length: number): Fault {
  return cut(length, socket => socket.resetAndDestroy());
}

/**
 * Sends this many bytes, then closes the connection normally (FIN) although Content-Length promised
 * more.
 */
export function truncate(length: number): Fault {
  return cut(length, socket => socket.end());
}

function cut(length: number, end: (socket: Socket) => void): Fault {
  return reply => ({
    ...withLength(reply),
    deliver: async (bytes, response) => {
      // The response has no socket until the previous response on the connection has ended.
      const { socket } = response.req;
      response.flushHeaders();
      await writeBody(bodySlice(bytes, 0, length), response);
      // Lets the bytes leave the process first, because a reset discards queued data.
      if (socket.writableNeedDrain) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
      if (!socket.destroyed) setTimeout(() => end(socket), 20);
    },
  });
}

/** Resets the connection before any response. */
export function resetAtOnce(): Fault {
  return reply => ({ ...reply, status: 0 });
}

/** Sends this many bytes of the body, then stalls forever. */
export function stall(length = 0): Fault {
  return reply => ({
    ...withLength(reply),
    deliver: async (bytes, response) => {
      response.flushHeaders();
      await writeBody(bodySlice(bytes, 0, length), response);
    },
  });
}

/** Accepts the request and never responds. */
export function silence(): Fault {
  return reply => ({ ...reply, status: -1 });
}

/** Waits before sending the correct reply. */
export function delay(milliseconds: number): Fault {
  return async reply => {
    await sleep(milliseconds);
    return reply;
  };
}

/** Sends a few bytes at a time. */
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

/**
 * Calls back after this many bytes of the body, then sends the rest: to cancel or inspect in the
 * middle of a transfer.
 */
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

/** Compresses the body without being asked to, as some proxies do. */
export function gzipped(): Fault {
  return reply => ({
    ...reply,
    headers: { ...reply.headers, 'content-encoding': 'gzip', 'content-length': '' },
    body: gzipSync(bodyBytes(reply.body)),
  });
}

/** Ignores ranges: answers a range request with a 200 and the whole body. */
export function noRanges(): Fault {
  return ({ whole, ...reply }) => {
    const honest = { ...reply.headers, 'accept-ranges': '', 'content-range': '' };
    if (!whole) return { ...reply, headers: honest };
    return { ...reply, status: 200, headers: { ...honest, 'content-length': String(bodyLength(whole)) }, body: whole };
  };
}

/** Answers a range request with a different range, and says so. */
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

/**
 * Changes Content-Range, by default to a range one byte later; the bytes remain those of the
 * requested range.
 */
export function lyingRange(contentRange?: string): Fault {
  return reply => {
    const honest = reply.headers['content-range'];
    if (typeof honest !== 'string') return reply;
    const lie = contentRange ?? honest.replace(/\d+/g, digits => String(Number(digits) + 1));
    return { ...reply, headers: { ...reply.headers, 'content-range': lie } };
  };
}

/** Changes a JSON document in transit; the body must be JSON. */
export function json(change: (value: unknown) => unknown): Fault {
  return reply => {
    const value: unknown = JSON.parse(bodyBytes(reply.body).toString());
    return { ...reply, body: Buffer.from(JSON.stringify(change(value))) };
  };
}

/** Fixes Content-Length at the size of the whole body. */
function withLength(reply: Reply): Reply {
  return { ...reply, headers: { 'content-length': String(bodyLength(reply.body)), ...reply.headers } };
}
