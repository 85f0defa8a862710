import { DOCKER_HUB, parseWrittenReference, type Reference } from '../oci/reference.ts';

/** A part of a file's text: offsets in UTF-16 units, `end` excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where a name's parts are written, for replacing its version. */
export type Editable =
  | { readonly form: 'whole'; readonly span: Span }
  /** Tag and digest have values of their own, as in Helm and Kustomize. */
  | { readonly form: 'parts'; readonly tag?: Span; readonly digest?: Span };

/** An image name in a file. */
export interface ImageName {
  /** The places where it is written: one, or those of its parts. An empty one is half-typed. */
  readonly spans: readonly Span[];
  /** As it stands in the file, with its variables. */
  readonly written: string;
  /** What it means with the defaults in the file; absent if it is incomplete or invalid. */
  readonly reference?: Reference;
  /** The registry is written out or implied, rather than the value of a variable. */
  readonly literalHost: boolean;
  /** A dev container feature is an artifact, not an image. */
  readonly kind: 'image' | 'feature';
  /** The platform that the file asks for, such as `linux/arm64`. */
  readonly platform?: string;
  /** Absent where the version isn't written literally. */
  readonly edit?: Editable;
}

/** A name as a scanner finds it. */
export interface Found {
  readonly spans: readonly Span[];
  readonly written: string;
  /** With its variables replaced; absent if one has no value in the file. */
  readonly value: string | undefined;
  /** Whether the text in the file is exactly `written`, so that parts of it can be replaced. */
  readonly exact: boolean;
  readonly kind?: 'image' | 'feature';
  readonly platform?: string | undefined;
  readonly parts?: { readonly tag?: Span; readonly digest?: Span };
}

/** Parses a name that a scanner found. */
export function imageNameOf(found: Found): ImageName {
  const { spans, written, value, exact, kind = 'image', platform, parts } = found;
  const reference = value === undefined ? undefined : tryParse(value);
  const [span] = spans;
  const literal = exact && value === written && reference !== undefined;
  const edit: Editable | undefined = parts
    ? { form: 'parts', ...parts }
    : literal && span && spans.length === 1
      ? { form: 'whole', span }
      : undefined;
  return {
    spans,
    written,
    literalHost: hasLiteralHost(written, reference),
    kind,
    ...(reference ? { reference } : {}),
    ...(platform ? { platform } : {}),
    ...(edit && reference ? { edit } : {}),
  };
}

/** Replaces the version in a name's text; a digest is appended to the tag, as Docker does. */
export function withVersion(written: string, version: { readonly tag?: string; readonly digest?: string }): string {
  const at = written.indexOf('@');
  const tagged = at < 0 ? written : written.slice(0, at);
  const colon = tagged.indexOf(':', tagged.lastIndexOf('/') + 1);
  const name = colon < 0 ? tagged : tagged.slice(0, colon);
  const tag = version.tag ?? (colon < 0 ? 'latest' : tagged.slice(colon + 1));
  return `${name}:${tag}${version.digest === undefined ? '' : `@${version.digest}`}`;
}

/** Returns whether an offset is in a name or at its edges. */
export function touches(name: ImageName, offset: number): boolean {
  return name.spans.some(({ start, end }) => offset >= start && offset <= end);
}

function tryParse(value: string): Reference | undefined {
  try {
    return parseWrittenReference(value);
  } catch {
    return undefined;
  }
}

function hasLiteralHost(written: string, reference: Reference | undefined): boolean {
  const variable = written.indexOf('$');
  if (variable < 0 || reference?.registry === DOCKER_HUB) return true;
  const slash = written.indexOf('/');
  return slash >= 0 && slash < variable;
}
