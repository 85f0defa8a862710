import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from './servers/process.ts';

/** A key and its certificate, as PEM strings and as files. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
  readonly keyFile: string;
  readonly certFile: string;
}

/** A private certificate authority, as companies run them. */
export interface PrivateCa extends Identity {
  /** Issues a certificate: for servers on these hosts and addresses, or for a client. */
  issue(options?: {
    readonly hosts?: readonly string[];
    readonly client?: string;
    readonly rsa?: boolean;
    readonly days?: number;
  }): Identity;
  /** Removes its files. */
  close(): void;
}

const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/** Creates an authority with `openssl`. The default certificate is for loopback. */
export function createPrivateCa(name = 'Peel Test CA'): PrivateCa {
  const folder = tempFolder('ca');
  const at = (file: string): string => join(folder.path, file);
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const identity = (base: string): Identity => ({
    key: readFileSync(at(`${base}.key`), 'utf8'),
    cert: readFileSync(at(`${base}.crt`), 'utf8'),
    keyFile: at(`${base}.key`),
    certFile: at(`${base}.crt`),
  });
  const newKey = (base: string, rsa = false): void => {
    const kind = rsa ? ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'] : ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    openssl('genpkey', '-algorithm', ...kind, '-out', at(`${base}.key`));
  };
  const certify = (
    base: string,
    subject: string,
    extensions: readonly string[],
    issuer: readonly string[],
    days: number,
  ): void => {
    openssl('req', '-new', '-key', at(`${base}.key`), '-subj', `/CN=${subject}`, '-out', at(`${base}.csr`));
    writeFileSync(at(`${base}.ext`), extensions.join('\n'));
    const output = ['-out', at(`${base}.crt`), '-extfile', at(`${base}.ext`), '-days', String(days)];
    openssl('x509', '-req', '-in', at(`${base}.csr`), ...issuer, ...output);
  };
  newKey('ca');
  certify(
    'ca',
    name,
    ['basicConstraints=critical,CA:true', 'keyUsage=keyCertSign,cRLSign'],
    ['-signkey', at('ca.key')],
    30,
  );
  let count = 0;
  return {
    ...identity('ca'),
    issue: ({ hosts = LOOPBACK, client, rsa, days = 30 } = {}) => {
      const base = `leaf${++count}`;
      newKey(base, rsa);
      const names = hosts.map(host => (/^[\d.]+$|:/.test(host) ? `IP:${host}` : `DNS:${host}`)).join(',');
      const use = client ? ['extendedKeyUsage=clientAuth'] : ['extendedKeyUsage=serverAuth', `subjectAltName=${names}`];
      const issuer = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial'];
      certify(base, client ?? hosts[0] ?? 'server', use, issuer, days);
      return identity(base);
    },
    close: () => folder.remove(),
  };
}
