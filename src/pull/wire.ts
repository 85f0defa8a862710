import type { AuthorizationRequest } from '../registry/authorizer.ts';
import type { LayerJob, LayerProgress, LayerResult } from './layerJob.ts';
import type { WiredError } from './wiredError.ts';

/** What the extension host says to a worker thread. A worker has one job at a time. */
export type ToWorker =
  | { readonly type: 'run'; readonly job: LayerJob }
  | { readonly type: 'abort' }
  | { readonly type: 'answer'; readonly ask: number; readonly header?: string }
  | { readonly type: 'refuse'; readonly ask: number; readonly error: WiredError };

/** What a worker thread says to the extension host. */
export type ToHost =
  | { readonly type: 'progress'; readonly progress: LayerProgress }
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly type: 'ask'; readonly ask: number; readonly question: Question }
  | { readonly type: 'done'; readonly result: LayerResult }
  | { readonly type: 'failed'; readonly error: WiredError };

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
