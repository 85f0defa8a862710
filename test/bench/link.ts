import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A network between a client and a registry. */
export interface Link {
  readonly name: string;
  /** Milliseconds. */
  readonly roundTrip: number;
  /** Megabits per second, of all connections together. */
  readonly bandwidth: number;
  /** Megabits per second. */
  readonly perConnection: number;
}

/** What a proxy counted. */
export interface Counted {
  connections: number;
  /** To clients. */
  bytes: number;
}

/** A proxy that puts a link before a server on loopback. */
export interface LinkProxy {
  readonly host: string;
  /** Returns what it counted since the last call. */
  count(): Promise<Counted>;
  close(): Promise<void>;
}

export async function startLink(link: Link, host: string): Promise<LinkProxy> {
  const port = Number(host.split(':').at(-1));
  const program = fileURLToPath(new URL('./linkProxy.ts', import.meta.url));
  const child = fork(program, [JSON.stringify({ ...link, port })]);
  const [{ port: own }] = (await once(child, 'message')) as [{ port: number }];
  return {
    host: `127.0.0.1:${own}`,
    count: async () => {
      const answer = once(child, 'message') as Promise<[Counted]>;
      child.send('count');
      return (await answer)[0];
    },
    close: async () => {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}
