import { headerValues } from '../http/headers.ts';

/** What a server asks for with 401 (RFC 9110, 11.6.1). */
export interface Challenge {
  /** In lower case, such as `basic` or `bearer`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: Readonly<Record<string, string>>;
  /** A `token68` instead of parameters (Negotiate, NTLM). */
  readonly token68?: string;
}

/**
 * Reads `WWW-Authenticate` in all its forms: several challenges in a line, several lines, tokens
 * and quoted strings with escapes, spaces around `=`, empty list elements, empty values. Skips what
 * it can't read, and returns the challenges before and after.
 */
export function parseChallenges(header: string | readonly string[] | undefined): Challenge[] {
  return headerValues(header).flatMap(line => parseLine(line));
}

/** Returns the challenge to answer: Bearer with a token server, or else Basic. */
export function chooseChallenge(challenges: readonly Challenge[]): Challenge | undefined {
  return (
    challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.realm) ??
    challenges.find(({ scheme }) => scheme === 'basic')
  );
}

interface Draft {
  readonly scheme: string;
  readonly parameters: Record<string, string>;
  token68?: string;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const SPACE = /[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)(?:"|$)/y;
/** Some servers omit quotes around values that need them, such as URLs. */
const BARE = /[^\s,"]*/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const SEPARATORS = /[ \t,]*/y;

function parseLine(line: string): Challenge[] {
  const found: Draft[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(line);
    if (match) at = pattern.lastIndex;
    return match;
  };
  for (take(SEPARATORS); at < line.length; take(SEPARATORS)) {
    const word = take(TOKEN)?.[0];
    if (word === undefined) {
      at += 1;
      continue;
    }
    const spaced = (take(SPACE)?.[0] ?? '') !== '';
    if (line[at] === '=') {
      at += 1;
      take(SPACE);
      const value = take(QUOTED)?.[1]?.replaceAll(/\\([^])/g, '$1') ?? take(BARE)?.[0] ?? '';
      const parameters = found.at(-1)?.parameters;
      // The first one counts: a later repeat may have been added on the way.
      if (parameters && !Object.hasOwn(parameters, word.toLowerCase())) parameters[word.toLowerCase()] = value;
      continue;
    }
    const draft: Draft = { scheme: word.toLowerCase(), parameters: {} };
    found.push(draft);
    // These two never have one, and a parameter with an empty value would look the same.
    const token68 = spaced && draft.scheme !== 'basic' && draft.scheme !== 'bearer' ? take(TOKEN68)?.[0] : undefined;
    if (token68 !== undefined) draft.token68 = token68;
  }
  return found;
}
