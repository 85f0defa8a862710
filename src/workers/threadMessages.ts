import type { AuthorizationRequest } from '../registry/auth/authorizer.ts';
import type { UnpackedLayerFiles } from '../layers/unpack/fixAcrossLayers.ts';
import type { LayerJob, LayerProgress, LayerResult, TarJob, UnpackedLayer } from './layerJob.ts';
import type { SerializedError } from './errorTransfer.ts';

/** Every kind of job that a thread runs: its argument and its result, both plain data. */
export interface Jobs {
  /** Downloads one layer's blob into the store, and unpacks or lists it when asked. */
  readonly layer: { readonly takes: LayerJob; readonly gives: LayerResult };
  /** Unpacks the tar that another thread's layer job decompresses. */
  readonly tar: { readonly takes: TarJob; readonly gives: UnpackedLayer };
  /** Fixes what needs all layers of an image, base first. Returns warnings. */
  readonly finish: { readonly takes: readonly UnpackedLayerFiles[]; readonly gives: readonly string[] };
}
export type JobKind = keyof Jobs;
export type JobOf<Kind extends JobKind> = Jobs[Kind]['takes'];
export type ResultOf<Kind extends JobKind> = Jobs[Kind]['gives'];

/** A kind of job with its argument. */
export type Work<Kind extends JobKind = JobKind> = {
  readonly [One in Kind]: { readonly kind: One; readonly job: JobOf<One> };
}[Kind];

/** A message about one of a thread's jobs, with the number that the pool gave it. */
export type OfJob<Message> = Message & { readonly number: number };

/** What a thread gets from its pool when it starts. */
export interface ThreadData {
  readonly connections: SharedArrayBuffer;
}

/** Messages from the extension host to a worker thread. */
export type ToWorker<Kind extends JobKind = JobKind> =
  | { readonly type: 'start'; readonly work: Work<Kind> }
  | { readonly type: 'abort' }
  | { readonly type: 'answer'; readonly ask: number; readonly header?: string }
  | { readonly type: 'refuse'; readonly ask: number; readonly error: SerializedError }
  | { readonly type: 'tarUnpacked'; readonly layer: UnpackedLayer }
  | { readonly type: 'tarFailed'; readonly error: SerializedError };

/** A thread waits for bytes, and could run another layer's job besides its own. */
export interface Starving {
  readonly type: 'starving';
}

/** Messages from a worker thread's job to the extension host. */
export type ToHost<Kind extends JobKind = JobKind> =
  | { readonly type: 'progress'; readonly progress: LayerProgress }
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly type: 'ask'; readonly ask: number; readonly question: Question }
  | { readonly type: 'unpackTar'; readonly job: TarJob }
  | { readonly type: 'done'; readonly result: ResultOf<Kind> }
  | { readonly type: 'failed'; readonly error: SerializedError };

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/**
 * A call of the authorizer. The host answers with the header to send, since credentials never go to
 * a worker. `challenges` is set when a request was refused.
 */
export interface Question {
  readonly request: AuthorizationRequest;
  readonly challenges?: readonly string[];
  readonly used?: string;
}
