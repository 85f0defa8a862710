// One pull by Peel's core in plain Node, for bench.ts to measure: `node peel.js REFERENCE FOLDER [again|warm|watched]`. Prints what it took as JSON.
import { availableParallelism } from 'node:os';
import { WorkerPool } from '../../src/workers/workerPool.ts';

// As in the editor: a thread starts while the rest is read from the disk.
const began = performance.now();
const workers = new WorkerPool(new URL('./worker.js', import.meta.url), availableParallelism);
workers.prepare();
const { measurePulls } = await import('./peelPulls.ts');
await measurePulls(workers, began);
