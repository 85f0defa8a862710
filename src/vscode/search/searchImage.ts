import { findLayer } from '../../pull/oneLayer.ts';
import { chooseShownImage } from '../command/chooseFiles.ts';
import { imageName } from '../registries/imageName.ts';
import { askSearch } from './searchForm.ts';
import { InvalidArgumentError } from '../common/argument.ts';
import type { RunCommand } from '../commandTable.ts';

const TITLE = 'Search in Image';
/** As many matches as VS Code's own search gives. */
const MOST = 10_000;

/**
 * Searches the text of an image's files, or of one layer's, or of a folder's, without pulling it, and shows what is found while it is found. Returns all matches. A person types the query; a program gives it.
 */
export const searchImage: RunCommand = async (argument, services) => {
  const { interactive, searches } = services;
  if (!interactive && argument.query === undefined) throw new InvalidArgumentError('query', 'what to search for');
  const image = await chooseShownImage(argument, services, TITLE);
  if (!image) return undefined;
  const place = {
    image,
    name: imageName(image.reference, services.registries),
    path: (argument.path ?? '').replace(/^\/+|\/+$/g, ''),
    ...(argument.layer === undefined ? {} : { layer: findLayer(image, argument.layer).number }),
  };
  const { query: text, isRegex = false, matchCase = false, wholeWord = false, include = '', exclude = '' } = argument;
  const terms =
    text === undefined
      ? await askSearch(place, services.searchMemory, TITLE)
      : { text, isRegex, matchCase, wholeWord, include, exclude };
  return terms && (await searches.view()).search(place, terms, argument.maxResults ?? MOST, interactive);
};
