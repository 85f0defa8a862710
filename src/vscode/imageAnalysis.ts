import type { ResolvedImage } from '../pull/resolveImage.ts';
import { imageName } from './imageName.ts';
import { contentsOf } from './layerContents.ts';
import type { Analysis } from './page/filesHtml.ts';
import { withTransfer } from './progress.ts';
import type { CommandServices } from './services.ts';

/** What the files of an image's layers tell, once all are read: which are large, which only cost space, which look like secrets. @throws what reading a layer throws */
export async function analyze(image: ResolvedImage, services: CommandServices): Promise<Analysis> {
  const [{ spaceOf }, { secretFiles }] = await Promise.all([
    import('../insight/space.ts'),
    import('../insight/secretFiles.ts'),
  ]);
  const layers = await withTransfer(`Reading ${imageName(image.reference, services.registries)}`, (signal, report) =>
    contentsOf(image, image.layers, services, { signal, report }),
  );
  return { layers, space: spaceOf(layers), secrets: secretFiles(layers) };
}
