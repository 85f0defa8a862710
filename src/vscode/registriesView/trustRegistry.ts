import { askRegistry } from '../command/ask.ts';
import { askTrust } from './askTrust.ts';
import type { RunCommand } from '../commandTable.ts';

/** Says how a registry is to be trusted: by an authority's certificate, by any, or without encryption. */
export const trustRegistry: RunCommand = async (argument, services) => {
  const name = await askRegistry(argument, services, 'Trust Registry');
  if (name === undefined) return;
  const setting = services.registries.settingOf(name);
  const { ca, insecure } = argument;
  const given = ca !== undefined || insecure !== undefined;
  const trusted = given
    ? { ...setting, ...(ca === undefined ? {} : { ca }), insecure: insecure ?? setting.insecure }
    : await askTrust(setting, 'How shall this registry be trusted?');
  if (trusted) await services.configuration.addRegistry(trusted);
};
