import type { RegistryWriter } from '../registry/api/writer.ts';

/** Where an image goes. */
export interface PublishTarget {
  readonly writer: RegistryWriter;
  readonly repository: string;
}

/** The caller's side of a transfer. */
export interface PublishWatch {
  readonly signal: AbortSignal;
  /** Reports bytes that the target has, of all that it lacked. */
  readonly report: (done: number, total: number) => void;
}
