// Pulls once with Peel's core in plain Node, for bench.ts to measure: `node peel.js REFERENCE
// FOLDER [again|warm|watched]`. Prints the cost as JSON.
import { availableParallelism } from 'node:os';
import { WorkerPool } from '../../src/workers/workerPool.ts';

// As in the editor: a thread starts while other files are read from disk.
const began = performance.now();
const workers = new WorkerPool(new URL('./worker.js', import.meta.url), availableParallelism);
workers.prepare();
const { measurePulls } = await import('./peelPulls.ts');
await measurePulls(workers, began);
