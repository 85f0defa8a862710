import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSecretName } from '../../../src/secrets/secretNames.ts';
import { HIDDEN, hideSecretOf, hideSecrets, hideSecretValue } from '../../../src/secrets/secretText.ts';

// Assembled, so that secret scanners don't flag this file.
const PRIVATE_KEY = ['PRIVATE', 'KEY'].join(' ');
const github = ['ghp', 'a1B2'.repeat(9)].join('_');
const amazon = ['AKIA', 'ABCDEFGHIJKLMNOP'].join('');

test('tells names of secrets from names like them', () => {
  const secret = `DB_PASSWORD password GITHUB_TOKEN AWS_SECRET_ACCESS_KEY api_key tls.private-key PGPASSWORD SSHPASS dbPassword
    GITHUB_PAT CLIENTSECRET REDISCLI_AUTH MYSQL_PWD com.db.password api_token com.example.db-password DBPassword apiKey authToken
    --requirepass -storepass keyPass SECRET_KEY_BASE_SECRET APP_KEY JWT_SECRET access_key_id org.example/api-key _auth ConnectionString`;
  for (const name of secret.split(/\s+/)) assert.equal(isSecretName(name), true, name);
  const open = `GPG_KEY PYTHON_SHA256 PATH DB_PASSWORD_FILE TOKEN_URL KEYBOARD TOKENIZERS PWDIR PASSWORD_FILE PWD OLDPWD author
    authority tokenizer AUTH_URL AUTHOR TOKENIZERS_PARALLELISM COMPASS BYPASS PATTERN passwordFile SECRET_NAME disabled-password
    no-password NOPASSWD PUBLIC_KEY KEY monkey secretary ALLOW_EMPTY_PASSWORD PATH_PREFIX maintainer SSH_AUTH_SOCK passthrough`;
  for (const name of open.split(/\s+/)) assert.equal(isSecretName(name), false, name);
});

test('hides what looks like a secret, and nothing else', () => {
  const key = `-----BEGIN RSA ${PRIVATE_KEY}-----\nMIIE\n-----END RSA ${PRIVATE_KEY}-----`;
  const cases: readonly (readonly [string, string])[] = [
    ['RUN DB_PASSWORD=hunter2 ./setup && echo done', `RUN DB_PASSWORD=${HIDDEN} ./setup && echo done`],
    [`ENV TOKEN="two words" A=b`, `ENV TOKEN=${HIDDEN} A=b`],
    ['curl https://me:pa55@example.com/x', `curl https://me:${HIDDEN}@example.com/x`],
    ['login --password hunter2 --user me', `login --password ${HIDDEN} --user me`],
    [`git clone ${github} x`, `git clone ${HIDDEN} x`],
    [`a ${amazon} b`, `a ${HIDDEN} b`],
    [`echo "${key}" > k`, `echo "${HIDDEN}" > k`],
  ];
  for (const [text, shown] of cases) assert.deepEqual(hideSecrets(text), { text: shown, hidden: 1 }, text);
});

test('hides a truncated private key to its end', () => {
  assert.equal(hideSecrets(`x -----BEGIN ${PRIVATE_KEY}-----\nMIIEvQ`).text, `x ${HIDDEN}`);
});

test('keeps placeholders and empty values', () => {
  for (const text of ['PASSWORD=$PASSWORD', 'TOKEN=${TOKEN}', 'PASSWORD=', 'API_KEY=<yours>', 'USE_TOKEN=true']) {
    assert.deepEqual(hideSecrets(text), { text, hidden: 0 });
  }
});

test('hides secrets of commands in every form, and nothing else', () => {
  // What is between ‹ and › must go. Lines without them must stay.
  const cases = `
    RUN PGPASSWORD=‹pa55› psql -h db
    RUN export MYSQL_PWD='‹pa 55›' && mysql -u root
    RUN mysql -u root -p‹pa55› -e "select 1"
    RUN mysqldump -h db --user=root -p"‹pa55›" shop > x.sql
    RUN mysql -u root --password ‹pa55› && echo done
    RUN mysql --password=‹pa55›
    RUN mysql -u root -p -e 'select 1'
    RUN mysql -u root -p$MYSQL_ROOT_PASSWORD
    RUN apt-get install mysql-server -y && mkdir -p /srv && tar -pxf a.tar
    RUN curl -u me:‹pa55› https://example.com/x
    RUN curl -fsSLu 'me:‹pa55›' https://example.com/x
    RUN curl "https://example.com/?a=1&b=2" --user me:‹pa55› -o x
    RUN curl -u me:$PASSWORD https://example.com/x
    RUN chown -R 1000:1000 /srv && curl https://example.com:8443/x
    RUN curl -H "Authorization: Bearer ‹abc.def›" https://example.com
    RUN curl -H 'Authorization: Basic ‹bWU6cGE1NQ==›' https://example.com
    RUN curl -H "Authorization: Bearer \${TOKEN}" https://example.com
    RUN curl -H "PRIVATE-TOKEN: ‹abc›" -H 'X-Api-Key: ‹def›' https://example.com
    RUN wget https://me:‹pa55›@example.com/x && wget https://example.com/@scope/x
    RUN git clone https://me:\${TOKEN}@example.com/x
    RUN sshpass -p ‹pa55› ssh host -p 2222
    RUN docker login -u me -p ‹pa55› r.example.com
    RUN redis-cli -a ‹pa55› ping
    RUN echo 'root:‹pa55›' | chpasswd
    RUN keytool -import -storepass ‹pa55› -noprompt
    RUN openssl rsa -passin pass:‹pa55› -in k
    RUN sh -c "login --password ‹pa55›"
    RUN PATH="/a:/b" AUTHOR="x --token ‹pa55›" make
    RUN adduser --disabled-password app && echo "app ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/app
    RUN echo '{"user":"me","password":"‹pa55›"}' > /etc/x.json
    ENV DB_PASSWORD ‹one two›
    ENV DB_PASSWORD_FILE /run/secrets/db
    ENV PASSWORD_FILE=/run/secrets/x PWD=/app OLDPWD=/ TOKEN=/run/secrets/token
    ENV AUTH_URL=https://example.com/auth author=me authority=you tokenizer=fast
    ENV MYSQL_ALLOW_EMPTY_PASSWORD=yes SECRET=\${{secrets.X}}
    CMD ["redis-server" "--requirepass" "‹pa55›"]
    ENTRYPOINT ["app", "--token", "‹pa55›"]
    COPY --chown=app:app ./token ./keys /srv/
    EXPOSE map[8080/tcp:{}]`;
  for (const line of cases.trim().split(/\n\s*/)) {
    const shown = line.replaceAll(/‹[^›]*›/g, HIDDEN);
    // The quotes of a value may go with it.
    const bare = (text: string): string => text.replaceAll(new RegExp(`(["'])(${HIDDEN})\\1`, 'g'), '$2');
    const result = hideSecrets(line.replaceAll(/[‹›]/g, ''));
    assert.equal(bare(result.text), bare(shown));
    assert.equal(result.hidden, shown.split(HIDDEN).length - 1, line);
  }
});

test('hides a label by its name, or by the form of its value', () => {
  assert.deepEqual(hideSecretValue('com.db.password', 'sekrit G'), { text: HIDDEN, hidden: 1 });
  assert.deepEqual(hideSecretValue('about', 'password=sekrit'), { text: `password=${HIDDEN}`, hidden: 1 });
  assert.deepEqual(hideSecretValue('org.opencontainers.image.authors', 'me'), { text: 'me', hidden: 0 });
});

test('hides a variable with the spaces in its value', () => {
  assert.deepEqual(hideSecretOf('APP_SECRET=one two three'), { text: `APP_SECRET=${HIDDEN}`, hidden: 1 });
  assert.deepEqual(hideSecretOf('PATH=/usr/bin:/bin'), { text: 'PATH=/usr/bin:/bin', hidden: 0 });
  assert.deepEqual(hideSecretOf('DB=postgres://u:pw@db/x'), { text: `DB=postgres://u:${HIDDEN}@db/x`, hidden: 1 });
  assert.deepEqual(hideSecretOf('without a value'), { text: 'without a value', hidden: 0 });
});

test('reads hostile text in reasonable time', { timeout: 20_000 }, () => {
  for (const piece of [
    'eyJ-',
    'a',
    'a=',
    'password="',
    '-----BEGIN PRIVATE KEY-----',
    'a://',
    '--a ',
    'sk_live_',
    'curl ',
    'curl "',
    'mysql -',
    'pass',
    'token="',
    '"pass":',
    'key: ',
    '--pass ',
  ]) {
    const text = piece.repeat(Math.ceil(20_000 / piece.length));
    assert.ok(hideSecrets(text).text.length > 0);
  }
});
