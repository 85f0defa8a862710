import * as vscode from 'vscode';
import { shortDigest } from '../../oci/digest.ts';
import type { ResolvedImage } from '../../oci/image.ts';
import { formatPlatform } from '../../oci/platform.ts';
import { formatReference, type Reference } from '../../oci/reference.ts';
import type { CommandArgument } from '../common/argument.ts';
import { COMMANDS } from '../common/ids.ts';
import { count, dotted, formatBytes, plainText, timeAgo } from '../common/text.ts';
import type { ImageFacts } from './imageAnswers.ts';
import { commandLink } from './links.ts';

/** Commands that a hover may run, by a click. */
const LINKED = [
  COMMANDS.openImage,
  COMMANDS.findFile,
  COMMANDS.showImagePage,
  COMMANDS.compareImages,
  COMMANDS.askRegistry,
];

const MOST_PLATFORMS = 8;

/**
 * Builds Markdown from text of files and registries. Such text is only ever appended escaped, and
 * links run only Peel's own commands.
 */
export class HoverText {
  readonly #markdown = new vscode.MarkdownString();

  constructor() {
    this.#markdown.isTrusted = { enabledCommands: LINKED };
  }

  /** Appends a paragraph of plain text. */
  line(text: string, style: '' | '**' = ''): this {
    this.#markdown.appendMarkdown(style).appendText(plainText(text, 500)).appendMarkdown(`${style}\n\n`);
    return this;
  }

  /** Appends a paragraph of links. */
  links(...items: readonly (readonly [title: string, command: string, argument: CommandArgument])[]): this {
    for (const [at, [title, command, argument]] of items.entries()) {
      this.#markdown
        .appendMarkdown(at === 0 ? '[' : ' · [')
        .appendText(plainText(title))
        .appendMarkdown(`](${commandLink(command, argument)})`);
    }
    this.#markdown.appendMarkdown('\n\n');
    return this;
  }

  end(): vscode.MarkdownString {
    return this.#markdown;
  }
}

/** Appends what a registry says about a name. @param now milliseconds */
export function describeFacts(text: HoverText, reference: Reference, facts: ImageFacts, now: number): HoverText {
  const { digest, platforms, image, newerDigest } = facts;
  text.line(digest);
  if (newerDigest) text.line(`${reference.tag ?? 'The tag'} now points to a newer digest, ${newerDigest}`);
  if (image) text.line(imageLine(image, now));
  const origin = image ? originLine(image) : '';
  if (origin) text.line(origin);
  if (platforms.length > 0) {
    const more = platforms.length > MOST_PLATFORMS ? ` and ${platforms.length - MOST_PLATFORMS} more` : '';
    const named = [...new Set(platforms)].slice(0, MOST_PLATFORMS).join(', ');
    text.line(`${count(platforms.length, 'platform')}: ${named}${more}`);
  }
  return text;
}

/** `built 21 days ago · newer digest`; empty if neither is known. */
export function summaryOf({ image, newerDigest }: ImageFacts, now: number): string {
  const age = timeAgo(image?.config.created, now);
  return dotted(age && `built ${age}`, newerDigest && 'newer digest');
}

/** Names the versions that are compared; one may be a digest alone. */
export function versionOf(reference: Reference): string {
  return reference.tag ?? (reference.digest ? shortDigest(reference.digest) : formatReference(reference));
}

function imageLine({ platform, layers, config }: ResolvedImage, now: number): string {
  const sizes = layers.map(({ descriptor }) => descriptor.size);
  const size = sizes.every(each => each >= 0) && formatBytes(sizes.reduce((sum, each) => sum + each, 0));
  const age = timeAgo(config.created, now);
  return dotted(formatPlatform(platform), size && `${size} compressed`, age && `built ${age}`);
}

/** What the image says about its system and base; anyone can write these. */
function originLine({ manifest, config }: ResolvedImage): string {
  const annotations = manifest.kind === 'image' ? manifest.annotations : {};
  const said = (key: string): string | undefined => annotations[`${OCI}.${key}`] ?? config.labels[`${OCI}.${key}`];
  const [system, version, base] = [said('ref.name'), said('version'), said('base.name')];
  return dotted(system && version && `${system} ${version}`, base && `based on ${base}`);
}

const OCI = 'org.opencontainers.image';
