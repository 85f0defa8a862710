/** What a manifest's content runs on (image-spec, image-index.md; GOOS and GOARCH names). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
}
