import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import makeConnector from 'undici/lib/core/connect.js';

/** The most bytes read at once. Half as many make a pull 1 % slower, twice as many 1 % faster. */
const SIZE = 256 * 1024;

/**
 * undici's connector, with one read buffer per connection. Node itself allocates 64 KiB for every
 * read and queues it in a stream; for a large image, that takes a sixth of a pull's processor time.
 */
export function steadyConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  let next = new SteadyReader();
  const connect = makeConnector({
    ...options,
    // Read when the socket is created, before the connector returns.
    onread: {
      get buffer() {
        return next.buffer;
      },
      get callback() {
        return next.onRead;
      },
    },
  });
  return (target, done) => {
    const reader = new SteadyReader();
    next = reader;
    connect(target, (...outcome) => {
      const [, socket] = outcome;
      if (socket) reader.serve(socket);
      done(...outcome);
    });
  };
}

/**
 * Adapts a socket created with `onread` (see `net.connect`) to undici, which expects a stream: it
 * calls `read()` on `readable`, and `unshift()` with what it can't use yet. What it leaves is
 * copied, and reading stops until it is used.
 */
class SteadyReader {
  readonly buffer: Buffer<ArrayBuffer> = Buffer.allocUnsafeSlow(SIZE);
  #socket: Socket | undefined;
  #waiting: Uint8Array | undefined;

  /** Handles new bytes in `buffer`. Returning false stops reading. */
  readonly onRead = (count: number): boolean => {
    this.#waiting = this.buffer.subarray(0, count);
    this.#socket?.emit('readable');
    if (this.#waiting === undefined) return true;
    this.#waiting = Uint8Array.from(this.#waiting);
    return false;
  };

  serve(socket: Socket): void {
    this.#socket = socket;
    // The socket's own `read` resumes one that was stopped.
    const read = socket.read.bind(socket);
    socket.read = (size?: number): unknown => this.#take() ?? read(size);
    socket.unshift = (chunk: Uint8Array) => void (this.#waiting = chunk);
  }

  #take(): Uint8Array | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}
