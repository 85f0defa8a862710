/**
 * A form of secret: what it is, and a global pattern, or a function that returns where the first
 * one starts.
 */
export type SecretForm = readonly [what: string, find: RegExp | ((text: string) => number | undefined)];

/** Tokens of well-known services, which nothing else looks like. */
export const TOKEN_FORMS: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['an AWS access key', /\b(?:AKIA|ASIA)(?![0-9A-Z]*EXAMPLE)[0-9A-Z]{16}\b/g],
  ['a GitHub token', /\bgh[pousr]_[0-9A-Za-z]{36,255}\b/g],
  ['a GitHub token', /\bgithub_pat_[0-9A-Za-z_]{50,255}\b/g],
  ['a GitLab token', /\bglpat-[0-9A-Za-z_-]{20,64}/g],
  ['a Slack token', /\bxox[abeoprs]-[0-9A-Za-z-]{10,250}/g],
  ['a Stripe key', /\bsk_live_[0-9A-Za-z]{16,250}\b/g],
  ['an npm token', /\bnpm_[0-9A-Za-z]{36}\b/g],
  ['a Docker Hub token', /\bdckr_pat_[0-9A-Za-z_-]{20,64}/g],
  ['a Google API key', /\bAIza[0-9A-Za-z_-]{35}/g],
];

/** A key's headers and first line of content. JSON writes line ends as `\n`. */
const KEY_BODY = String.raw`(?:(?:\r?\n|\\n)[A-Za-z0-9-]{1,40}: [^\n]{0,200}){0,6}(?:\r?\n|\\n){1,2}[A-Za-z0-9+/=]{40}`;

/** Forms in any file. Keys need a body, since code that reads keys has their first lines too. */
export const FILE_FORMS: readonly SecretForm[] = [
  [
    'an encrypted private key',
    new RegExp(`-----BEGIN (?:SSH2 )?ENCRYPTED (?:[A-Z]{1,9} )?PRIVATE KEY-----${KEY_BODY}`, 'g'),
  ],
  ['a private key', new RegExp(`-----BEGIN (?:(?!ENCRYPTED )[A-Z0-9]{1,9} )?PRIVATE KEY-----${KEY_BODY}`, 'g')],
  ['a PGP private key', new RegExp(`-----BEGIN PGP PRIVATE KEY BLOCK-----${KEY_BODY}`, 'g')],
  [
    'an AWS secret key',
    /(?:[Ss]ecret_?[Aa]ccess_?[Kk]ey|SECRET_?ACCESS_?KEY)\\?["']?\s{0,9}[=:]\s{0,9}\\?["']?(?![0-9A-Za-z/+]{0,40}EXAMPLE)[0-9A-Za-z/+]{40}(?![0-9A-Za-z/+=])/g,
  ],
  ...TOKEN_FORMS,
];

/** Matches wherever one of {@link FILE_FORMS} does, and is much faster. */
export const ANY_FORM =
  /PRIVATE KEY(?: BLOCK)?-----|(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[0-9A-Za-z]{36}|github_pat_|glpat-|xox[abeoprs]-|npm_[0-9A-Za-z]{36}|dckr_pat_|AIza[0-9A-Za-z_-]{35}|sk_live_|[Ss]ecret_?[Aa]ccess_?[Kk]ey|SECRET_?ACCESS_?KEY/;
