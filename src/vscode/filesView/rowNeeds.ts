import type { LogOutputChannel } from 'vscode';
import type { ImageFiles } from '../files/imageFiles.ts';
import type { LayerStates } from '../images/layerStates.ts';
import type { ImageLookup } from '../registries/lookup.ts';
import type { Registries } from '../registries/registries.ts';
import type { SignerMemory } from '../registries/signerMemory.ts';

/** What rows of files take. */
export interface FileRowNeeds {
  readonly files: ImageFiles;
  readonly lookup: ImageLookup;
}

/** What the rows of an image, its layers and its registry take. */
export interface ImageRowNeeds extends FileRowNeeds {
  readonly layerStates: LayerStates;
  readonly log: LogOutputChannel;
  readonly registries: Registries;
  readonly signers: SignerMemory;
}
