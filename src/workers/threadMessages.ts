import type { AuthorizationRequest } from '../registry/auth/authorizer.ts';
import type { UnpackedLayerFiles } from '../layers/unpack/fixAcrossLayers.ts';
import type { LayerJob, LayerProgress, LayerResult, TarJob, UnpackedLayer } from './layerJob.ts';
import type { SerializedError } from './errorTransfer.ts';

/** Every kind of work that a thread does: what it takes, and what comes of it. Plain data, both. */
export interface Jobs {
  /** Brings one layer's blob into the store, and unpacks it when asked. */
  readonly layer: { readonly takes: LayerJob; readonly gives: LayerResult };
  /** Unpacks what another thread's layer job decompresses. */
  readonly tar: { readonly takes: TarJob; readonly gives: UnpackedLayer };
  /** Does what takes all layers of an image, base first. Gives warnings. */
  readonly finish: { readonly takes: readonly UnpackedLayerFiles[]; readonly gives: readonly string[] };
}
export type JobKind = keyof Jobs;
export type JobOf<Kind extends JobKind> = Jobs[Kind]['takes'];
export type ResultOf<Kind extends JobKind> = Jobs[Kind]['gives'];

/** A kind of work with what it takes. */
export type Work = { readonly [Kind in JobKind]: { readonly kind: Kind; readonly job: JobOf<Kind> } }[JobKind];

/** What the extension host says to a worker thread. A worker has one job at a time. */
export type ToWorker =
  | { readonly type: 'start'; readonly work: Work }
  | { readonly type: 'abort' }
  | { readonly type: 'answer'; readonly ask: number; readonly header?: string }
  | { readonly type: 'refuse'; readonly ask: number; readonly error: SerializedError }
  | { readonly type: 'tarUnpacked'; readonly layer: UnpackedLayer }
  | { readonly type: 'tarFailed'; readonly error: SerializedError };

/** What a worker thread says to the extension host. */
export type ToHost<Kind extends JobKind = JobKind> =
  | { readonly type: 'progress'; readonly progress: LayerProgress }
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly type: 'ask'; readonly ask: number; readonly question: Question }
  | { readonly type: 'unpackTar'; readonly job: TarJob }
  | { readonly type: 'done'; readonly result: ResultOf<Kind> }
  | { readonly type: 'failed'; readonly error: SerializedError };

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/**
 * One of the authorizer's methods with its arguments. The host answers, for credentials never go to a worker: only the header to send. `challenges` is there
 * when a request was refused.
 */
export interface Question {
  readonly request: AuthorizationRequest;
  readonly challenges?: readonly string[];
  readonly used?: string;
}
