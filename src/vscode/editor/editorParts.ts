import type { ImageLookup } from '../registries/lookup.ts';
import type { Registries } from '../registries/registries.ts';
import type { Configuration } from '../settings/configuration.ts';
import type { AskPolicy } from './askPolicy.ts';
import type { ImageAnswers } from './imageAnswers.ts';
import type { NamesIn } from './namesIn.ts';

/** What the editor's features stand on. */
export interface EditorNeeds {
  readonly askPolicy: AskPolicy;
  readonly configuration: Configuration;
  readonly lookup: ImageLookup;
  readonly registries: Registries;
}

/** What the features share: names by document, and answers of registries. */
export interface EditorParts extends EditorNeeds {
  readonly names: NamesIn;
  readonly answers: ImageAnswers;
}
