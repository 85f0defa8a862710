import { findLayer } from '../../pull/oneLayer.ts';
import { chooseShownImage, FILES_FIELDS } from '../command/chooseFiles.ts';
import type { ImageNeeds } from '../command/chooseImage.ts';
import { command } from '../command/command.ts';
import { InvalidArgumentError } from '../common/argument.ts';
import { imageName } from '../registries/imageName.ts';
import type { Searches } from './searches.ts';
import { askSearch } from './searchForm.ts';
import type { SearchMemory } from './searchMemory.ts';

interface Needs {
  readonly searches: Searches;
}

const TITLE = 'Search in Image';
/** As many matches as VS Code's own search returns. */
const MAX_RESULTS = 10_000;
const QUERY_FIELDS = ['query', 'isRegex', 'matchCase', 'wholeWord', 'include', 'exclude', 'maxResults'] as const;

/**
 * Searches the text of an image's files, of one layer's, or of those below a folder, without
 * pulling it. Shows matches as they are found, and returns all of them. Prompts for the query when
 * started from the UI.
 */
export const searchImage = command(
  [...FILES_FIELDS, 'path', ...QUERY_FIELDS],
  async (argument, needs: ImageNeeds & Needs & { readonly searchMemory: SearchMemory }, call) => {
    const { query: text, isRegex = false, matchCase = false, wholeWord = false, include = '', exclude = '' } = argument;
    if (!call.interactive && text === undefined) throw new InvalidArgumentError('query', 'what to search for');
    const image = await chooseShownImage(argument, needs, call, TITLE);
    if (!image) return undefined;
    const place = {
      image,
      name: imageName(image.reference, needs.registries),
      path: (argument.path ?? '').replace(/^\/+|\/+$/g, ''),
      ...(argument.layer === undefined ? {} : { layer: findLayer(image, argument.layer).number }),
    };
    const terms =
      text === undefined
        ? await askSearch(place, needs.searchMemory, TITLE)
        : { text, isRegex, matchCase, wholeWord, include, exclude };
    if (!terms) return undefined;
    const view = await needs.searches.view();
    return view.search(place, terms, argument.maxResults ?? MAX_RESULTS, call.interactive);
  },
);

/** Repeats the search that the Search view shows, in the same image. */
export const searchAgain = command([], async (_argument, { searches }: Needs) => (await searches.view()).again());

/** Cancels the search that the Search view shows. Its matches stay. */
export const cancelSearch = command([], async (_argument, { searches }: Needs) => (await searches.view()).cancel());

/** Clears the Search view, and cancels a running search. */
export const clearSearch = command([], async (_argument, { searches }: Needs) => (await searches.view()).clear());
