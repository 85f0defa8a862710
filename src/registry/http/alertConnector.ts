import type { buildConnector } from 'undici';

/**
 * A connector of undici that lets a request fail with the alert that the other side sent. TLS 1.3 clients hear only after their handshake that a server wants a
 * certificate of theirs; undici then takes the end of the connection, which comes right behind the alert, for the reason.
 */
export function alertConnector(connect: buildConnector.connector): buildConnector.connector {
  return (target, done) => {
    connect(target, (...outcome) => {
      const [, socket] = outcome;
      // Before undici's own listeners. A socket that is destroyed here tells of no end.
      socket?.prependListener('error', (error: NodeJS.ErrnoException) => {
        if (isAlert(error.code)) socket.destroy();
      });
      done(...outcome);
    });
  };
}

/** OpenSSL's name for what the other side said, such as ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED. */
function isAlert(code: string | undefined): boolean {
  return code?.startsWith('ERR_SSL_') === true && code.includes('_ALERT_');
}
