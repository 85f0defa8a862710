import type { ChangesJob, ChangesResult } from './changesJob.ts';
import { LayerBlob, type WrittenLayer } from './layerBlob.ts';
import { planLayer, type LayerPlan } from './layerPlan.ts';
import { LayerWriter } from './layerWriter.ts';
import { LowerView } from './lowerView.ts';
import { readUpper } from './readUpper.ts';
import { UpperScan } from './upperScan.ts';

/**
 * Compares `overlay/upper` with the image, and writes the layer if the job wants one.
 * @throws the errors of this room
 */
export async function doChangesJob(job: ChangesJob): Promise<ChangesResult> {
  const view = new LowerView(job.source.folder, job.layers);
  const scan = new UpperScan(view, job.namespace);
  try {
    await readUpper(job.source, scan);
  } finally {
    scan.close();
  }
  const plan = planLayer(scan.items, view);
  if (!job.layer || plan.written.size === 0) return { changes: plan.changes };
  return { changes: plan.changes, layer: await writeLayer(job, job.layer, scan, plan) };
}

async function writeLayer(
  { source }: ChangesJob,
  { file, latest }: NonNullable<ChangesJob['layer']>,
  { items }: UpperScan,
  plan: LayerPlan,
): Promise<WrittenLayer> {
  const blob = new LayerBlob(file);
  try {
    const writer = new LayerWriter({ items, plan, latest, write: bytes => blob.write(bytes) });
    await readUpper(source, writer, () => blob.ready());
    writer.end();
    return await blob.end();
  } finally {
    blob.close();
  }
}
