import parse from 'spdx-expression-parse';

/** Whether a license is an SPDX expression of known identifiers. */
export function isSpdxExpression(license: string): boolean {
  try {
    parse(license);
    return true;
  } catch {
    return false;
  }
}
