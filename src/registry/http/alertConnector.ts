import type { buildConnector } from 'undici';

/**
 * Makes requests fail with the TLS alert that the server sent. TLS 1.3 clients learn only after
 * their handshake that the server wants a certificate; undici would report the end of the
 * connection, which follows the alert.
 */
export function alertConnector(connect: buildConnector.connector): buildConnector.connector {
  return (target, done) => {
    connect(target, (...outcome) => {
      const [, socket] = outcome;
      // Before undici's listeners: a socket destroyed here doesn't emit an end.
      socket?.prependListener('error', (error: NodeJS.ErrnoException) => {
        if (isAlert(error.code)) socket.destroy();
      });
      done(...outcome);
    });
  };
}

/**
 * Matches OpenSSL's names of received alerts, such as ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED.
 */
function isAlert(code: string | undefined): boolean {
  return code?.startsWith('ERR_SSL_') === true && code.includes('_ALERT_');
}
