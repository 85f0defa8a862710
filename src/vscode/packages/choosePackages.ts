import type { ImagePackages } from '../../packages/package.ts';
import { chooseFiles, type ChosenFiles, type FilesNeeds } from '../command/chooseFiles.ts';
import type { ImageArgument } from '../command/chooseImage.ts';
import type { Call } from '../command/command.ts';
import { withNotification } from '../common/progress.ts';
import type { PackageLists } from '../files/packageLists.ts';
import { imageName } from '../registries/imageName.ts';

/** What reading an image's packages needs. */
export interface PackageNeeds extends FilesNeeds {
  readonly packageLists: PackageLists;
}

/** An image and what it has installed. */
export interface ChosenPackages extends ChosenFiles {
  readonly found: ImagePackages;
}

/**
 * Finds an image and reads its packages. Prompts for what the argument lacks; `undefined` when the
 * user dismisses a prompt. @throws what reading a layer throws
 */
export async function choosePackages(
  argument: ImageArgument,
  needs: PackageNeeds,
  call: Call,
  title: string,
): Promise<ChosenPackages | undefined> {
  const chosen = await chooseFiles(argument, needs, call, title);
  if (!chosen) return undefined;
  const { image, tree } = chosen;
  const found = await withNotification(
    `Reading the packages of ${imageName(image.reference, needs.registries)}`,
    signal => needs.packageLists.of(image, tree, signal),
  );
  return { ...chosen, found };
}
