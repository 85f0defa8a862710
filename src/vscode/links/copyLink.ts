import { formatReference } from '../../oci/reference.ts';
import { askReference } from '../command/ask.ts';
import type { ImageNeeds } from '../command/chooseImage.ts';
import { command } from '../command/command.ts';
import { copyText } from '../common/copied.ts';
import { formatLink } from './link.ts';

/** Copies a link that opens an image, or a file of it, in VS Code with Peel. */
export const copyLink = command(
  ['reference', 'path', 'layer'],
  async (argument, needs: ImageNeeds & { readonly id: string }) => {
    const reference = await askReference(argument, needs, 'Copy Link');
    if (!reference) return undefined;
    const { path, layer } = argument;
    const link = formatLink(needs.id, {
      reference: formatReference(reference),
      ...(path === undefined ? {} : { path }),
      ...(layer === undefined ? {} : { layer }),
    });
    await copyText(link, 'the link');
    return link;
  },
);
