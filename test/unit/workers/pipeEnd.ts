// The other thread of bytePipe.test.ts: reads a pipe and reports the digest, or breaks it after a
// moment.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { breakPipe, type PipeMemory, PipeReader } from '../../../src/workers/bytePipe.ts';

const { memory, breaks } = workerData as { memory: PipeMemory; breaks: boolean };
parentPort?.postMessage('here');
if (breaks) {
  await sleep(100);
  breakPipe(memory);
} else {
  const hash = createHash('sha256');
  const pipe = new PipeReader(memory);
  pipe.pour({ write: chunk => void hash.update(chunk) });
  parentPort?.postMessage({ digest: hash.digest('hex'), junk: pipe.junk, compression: pipe.compression });
}
