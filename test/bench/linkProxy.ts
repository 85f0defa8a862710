// A TCP proxy that behaves like a distant server, in a process of its own: `fork` it with a Link as
// its argument. It sends its port, and answers each message with what it counted since the last.
//
// It delays both directions by half a round trip, and the first bytes of a connection by another
// one, for TCP's handshake. What it sends to clients is limited per connection and for all
// together, where connections take turns. It has no loss and no slow start: TCP's windows are open
// at once.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { argv } from 'node:process';
import type { Counted, Link } from './link.ts';

/** Bytes sent for one connection before the next one's turn. */
const TURN = 16 * 1024;
/** Bytes waiting for their turn above which no more are read from the server. */
const WAITING = 512 * 1024;
/** Seconds of a rate that may be sent at once after a pause: the precision of timers. */
const BURST = 0.002;

const link = JSON.parse(argv[2] ?? '') as Link & { readonly port: number };
const half = link.roundTrip / 2;

/** A rate in bytes per second. `left` may become negative: the debt of the last bytes. */
class Allowance {
  readonly #rate: number;
  left = 0;

  constructor(megabits: number) {
    this.#rate = (megabits * 1e6) / 8;
  }

  grow(seconds: number): void {
    this.left = Math.min(this.left + seconds * this.#rate, Math.max(BURST * this.#rate, TURN));
  }
}

/** What happens later, in order. */
class Delayed {
  readonly #events: { readonly at: number; readonly act: () => void }[] = [];

  add(at: number, act: () => void): void {
    this.#events.push({ at, act });
  }

  /** Does what is due. */
  run(now: number): void {
    let due = 0;
    for (let next = this.#events[0]; next && next.at <= now; next = this.#events[++due]) next.act();
    if (due > 0) this.#events.splice(0, due);
  }
}

class Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly allowance = new Allowance(link.perConnection);
  readonly toClient = new Delayed();
  readonly toServer = new Delayed();
  readonly #waiting: Buffer[] = [];
  #length = 0;
  #ended = false;
  #first = true;

  constructor(client: Socket, server: Socket) {
    this.client = client;
    this.server = server;
    client.setNoDelay(true);
    server.setNoDelay(true);
    client.on('data', chunk => {
      const at = performance.now() + half + (this.#first ? link.roundTrip : 0);
      this.#first = false;
      this.toServer.add(at, () => server.write(chunk));
      wake();
    });
    client.on('end', () => this.toServer.add(performance.now() + half, () => server.end()));
    server.on('data', chunk => {
      this.#waiting.push(chunk);
      this.#length += chunk.length;
      if (this.#length > WAITING) server.pause();
      wake();
    });
    server.on('end', () => {
      this.#ended = true;
      wake();
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => {
        if (one === client) other.destroy();
        connections.delete(this);
      });
    }
  }

  /** Sends at most a turn's bytes. Returns how many. */
  send(now: number): number {
    const [first] = this.#waiting;
    if (first === undefined) {
      if (this.#ended) this.toClient.add(now + half, () => this.client.end());
      this.#ended = false;
      return 0;
    }
    // TCP's window: the client doesn't read.
    if (this.allowance.left <= 0 || this.client.writableLength > WAITING) return 0;
    const piece = first.subarray(0, TURN);
    if (piece.length === first.length) this.#waiting.shift();
    else this.#waiting[0] = first.subarray(TURN);
    this.#length -= piece.length;
    this.allowance.left -= piece.length;
    counted.bytes += piece.length;
    this.toClient.add(now + half, () => this.client.write(piece));
    if (this.#length < WAITING / 2) this.server.resume();
    return piece.length;
  }
}

const connections = new Set<Connection>();
const shared = new Allowance(link.bandwidth);
let counted: Counted = { connections: 0, bytes: 0 };
let ticking = false;
let last = 0;
/** Whose turn it is. */
let turn = 0;

function wake(): void {
  if (ticking) return;
  ticking = true;
  last = performance.now();
  setTimeout(tick, 0);
}

function tick(): void {
  const now = performance.now();
  const seconds = (now - last) / 1000;
  last = now;
  shared.grow(seconds);
  for (const { allowance } of connections) allowance.grow(seconds);
  const order = [...connections];
  for (let passes = 0; shared.left > 0 && passes < order.length;) {
    const sent = order[turn++ % order.length]?.send(now) ?? 0;
    shared.left -= sent;
    passes = sent > 0 ? 0 : passes + 1;
  }
  for (const { client, toClient, toServer } of order) {
    client.cork();
    toClient.run(now);
    client.uncork();
    toServer.run(now);
  }
  ticking = connections.size > 0;
  if (ticking) setTimeout(tick, 1);
}

const server = createServer({ allowHalfOpen: true }, client => {
  counted.connections += 1;
  connections.add(new Connection(client, connect({ port: link.port, host: '127.0.0.1', allowHalfOpen: true })));
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', () => {
  process.send?.(counted);
  counted = { connections: 0, bytes: 0 };
});
process.on('disconnect', () => process.exit());
