import { FileDecoration, ThemeColor, window, type Disposable, type Uri } from 'vscode';
import type { Mark } from '../../browse/tree/layerChanges.ts';
import { SCHEMES } from '../common/ids.ts';

type ShownMark = Exclude<Mark, 'same'>;

/** Letters and colours as Git's in the Explorer. */
const LOOKS: Readonly<Record<ShownMark, readonly [badge: string, tooltip: string, color: string]>> = {
  added: ['A', 'Added by this layer', 'gitDecoration.addedResourceForeground'],
  changed: ['M', 'Changed by this layer', 'gitDecoration.modifiedResourceForeground'],
  deleted: ['D', 'Deleted by this layer', 'gitDecoration.deletedResourceForeground'],
};

/**
 * Returns the Uri that only a row has, so that what a layer does to a file decorates the row and
 * not the file's editor.
 */
export function markedUri(uri: Uri, mark: Mark | undefined): Uri {
  return mark === undefined || mark === 'same' ? uri : uri.with({ query: mark });
}

/** Colours the rows of files that a layer adds, changes or deletes. */
export function registerMarkDecorations(): Disposable {
  return window.registerFileDecorationProvider({
    provideFileDecoration: uri => {
      if (uri.scheme !== SCHEMES.files || !isShownMark(uri.query)) return undefined;
      const [badge, tooltip, color] = LOOKS[uri.query];
      return new FileDecoration(badge, tooltip, new ThemeColor(color));
    },
  });
}

function isShownMark(text: string): text is ShownMark {
  return text in LOOKS;
}
