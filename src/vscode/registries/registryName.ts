import { InvalidArgumentError } from '../common/argument.ts';
import { InvalidSettingError } from '../common/errors.ts';
import { parseRegistry, type RegistrySetting } from '../settings/settings.ts';

/**
 * Finds the registry that the user means by its name in references, its label, its host, or its
 * address with or without `/v2` and trailing slashes. Returns its name in references.
 * @param entries the list of the settings
 * @throws {InvalidArgumentError} it is none of these
 */
export function registryNamed(
  given: string,
  entries: readonly Pick<RegistrySetting, 'name' | 'label' | 'url'>[],
): string {
  const typed = given.trim();
  const known = entries.find(({ name, label }) => name === typed || label === typed);
  if (known) return known.name;
  const { name, url } = asAddress(typed);
  const { host } = new URL(url);
  const sameHost = entries.filter(entry => new URL(entry.url).host === host);
  const meant =
    entries.find(entry => entry.url === url) ??
    entries.find(entry => entry.name === name) ??
    (sameHost.length === 1 ? sameHost[0] : undefined);
  // References keep a port that an address would drop, as in `r.example:443/x`.
  return meant?.name ?? (/^[^/]+:\d+$/.test(typed) ? typed : name);
}

function asAddress(typed: string): Pick<RegistrySetting, 'name' | 'url'> {
  try {
    return parseRegistry({ url: typed });
  } catch (error) {
    if (!(error instanceof InvalidSettingError)) throw error;
    throw new InvalidArgumentError('registry', "a registry's name or address, without an account");
  }
}
