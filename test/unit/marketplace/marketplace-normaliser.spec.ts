import { describe, expect, it } from '@jest/globals';

import { normaliseMarketplaces } from '../../../src/marketplace/marketplace-normaliser.js';
import {
  CERTIFICATE_A,
  CERTIFICATE_B,
  CERTIFICATE_C,
} from '../../../src/marketplace/normaliser/environment-presets.js';

const FINGERPRINT_B = '8a:1e:2e:76:c4:67:80:68:6c:81:18:f7:d3:29:5d:77:f8:79:54:2f';

/** The shape of the developer platform's response, protocol §1.6. */
function platformEntry(marketplace = 'maestrano-uat') {
  return {
    marketplace,
    nid: 'timesheets-uat',
    environment: 'timesheets',
    app: {
      host: 'https://timesheets.example.com',
      synchronization_start_path: `/maestrano/${marketplace}/synchronizations`,
      synchronization_toggle_path: `/maestrano/${marketplace}/synchronizations/toggle_sync`,
      synchronization_status_path: `/maestrano/${marketplace}/synchronizations/:cld-uid`,
    },
    api: {
      id: `app-${marketplace}`,
      key: `key-${marketplace}`,
      host: 'https://api-hub-uat.maestrano.io',
      base: '/api/v1/',
    },
    sso: {
      idm: 'https://timesheets.example.com',
      init_path: `/maestrano/auth/saml/init/${marketplace}`,
      consume_path: `/maestrano/auth/saml/consume/${marketplace}`,
      idp: 'https://api-hub-uat.maestrano.io',
      x509_fingerprint: FINGERPRINT_B,
      x509_certificate: CERTIFICATE_B,
    },
    connec: { host: 'https://api-connec-uat.maestrano.io', base_path: '/api/v2', timeout: 300 },
    webhooks: {
      account: {
        group_path: `/maestrano/account/groups/:id/${marketplace}`,
        group_user_path: `/maestrano/account/groups/:group_id/users/:id/${marketplace}`,
      },
      connec: {
        external_ids: true,
        initialization_path: null,
        notification_path: `/maestrano/connec/notifications/${marketplace}`,
        subscriptions: null,
      },
    },
  };
}

/** The least a static configuration needs where a preset fills the rest. */
const minimal = {
  marketplace: 'mine',
  environment: 'uat',
  app: { host: 'https://my-app.example.com' },
  api: { id: 'app-1', key: 'k-1' },
};

function read(input: unknown, options = {}) {
  const { marketplaces, problems } = normaliseMarketplaces(input, { production: false, ...options });
  return { marketplaces, problems, first: marketplaces[0]!, codes: problems.map(({ code }) => code) };
}

describe('the developer platform body', () => {
  it('loads whole', () => {
    const { first, problems } = read({ marketplaces: [platformEntry()] });
    expect(problems.map(({ code }) => code)).toEqual(['configuration.certificateWeak']);
    expect(first).toMatchObject({
      name: 'maestrano-uat',
      nid: 'timesheets-uat',
      environment: 'timesheets',
      app: { synchronizationStatusPath: '/maestrano/maestrano-uat/synchronizations/:cld-uid' },
      api: { id: 'app-maestrano-uat', base: '/api/v1/' },
      sso: { enabled: true, sloEnabled: true, protocol: 'saml', creationMode: 'real', fingerprints: [] },
      connec: { enabled: true, basePath: '/api/v2', reportsPath: '/api/reports', timeoutMs: 300_000 },
      webhooks: { connec: { externalIds: true, initializationPath: null, subscriptions: {} } },
    });
    expect(first.api.keys.map((key) => key.reveal())).toEqual(['key-maestrano-uat']);
    expect(first.sso.certificates[0]!.sha1).toBe(FINGERPRINT_B.replaceAll(':', ''));
  });

  it.each([
    ['a list', [platformEntry()]],
    ['one object', platformEntry()],
    ['one object in the body', { marketplaces: platformEntry() }],
    ['entries by name', { 'maestrano-uat': { ...platformEntry(), marketplace: undefined } }],
  ])('loads as %s', (_, input) => {
    expect(read(input).marketplaces).toEqual(read([platformEntry()]).marketplaces);
  });

  it.each([
    ['nothing', undefined, 'configuration.body'],
    ['null', null, 'configuration.body'],
    ['a text', '<html>', 'configuration.body'],
    ['no list', { marketplaces: null }, 'configuration.body'],
    ['an empty object', {}, 'configuration.body'],
    ['an error', { error: 'no such key' }, 'configuration.platformError'],
    ['an error beside a list', { error: {}, marketplaces: [] }, 'configuration.platformError'],
    ['an entry that is a text', { marketplaces: ['x'] }, 'configuration.entry'],
  ])('tells what is wrong with %s', (_, input, code) => {
    const { marketplaces, codes } = read(input);
    expect(marketplaces).toEqual([]);
    expect(codes).toEqual([code]);
  });

  it('of the guide loads in spite of its shortened certificates and its odd fingerprint', () => {
    const shortened =
      '-----BEGIN CERTIFICATE-----\nMIIDcjCCAlqgA (...) wjlUbMnInFMUsqbw==\n-----END CERTIFICATE-----\n';
    const guide = (name: string, x509_fingerprint: string) => {
      const entry = platformEntry(name);
      return { ...entry, sso: { ...entry.sso, x509_fingerprint, x509_certificate: shortened } };
    };
    const { marketplaces, problems } = read({
      marketplaces: [
        guide('maestrano', '1A:89:28:62:78:CE:63:26:3A:20:23:9C:20:78:36:8A:B5:2E:CC:BE'),
        guide('some-telco', '861e:2e:54:c4:67:80:68:47:81:18:f7:d3:29:87:77:f8:69:54:2f'),
      ],
    });
    expect(marketplaces.map(({ name, sso }) => [name, sso.enabled, sso.fingerprints.length])).toEqual([
      ['maestrano', true, 1],
      ['some-telco', true, 1],
    ]);
    expect(problems.filter(({ code }) => code === 'configuration.fingerprint')).toMatchObject([
      { marketplace: 'some-telco', severity: 'warning', key: 'sso.x509_fingerprint' },
    ]);
    expect(problems.filter(({ code }) => code === 'configuration.certificate')).toHaveLength(2);
  });

  it('of the static guide, without a name, loads under the usual one', () => {
    const { first, codes } = read({
      environment: 'test',
      app: { host: 'http://my-app.com' },
      api: { id: 'app-19op', key: 'k', host: 'http://api-sandbox.maestrano.io' },
      sso: {
        idm: 'https://idp.myapp.com',
        init_path: '/maestrano/auth/saml/init.php',
        consume_path: '/maestrano/auth/saml/consume.php',
        idp: 'https://maestrano.com',
        x509_fingerprint: FINGERPRINT_B,
        x509_certificate: CERTIFICATE_B.replaceAll('\n', ''),
      },
      connec: { host: 'https://api-connec.maestrano.com' },
      webhook: {
        account: {
          groups_path: '/maestrano/account/groups/:id',
          group_users_path: '/maestrano/account/groups/:group_id/users/:id',
        },
        connec: {
          notifications_path: '/maestrano/connec/notifications',
          subscriptions: { accounts: true, events: false },
        },
      },
    });
    expect(codes).toEqual(['configuration.certificateWeak']);
    expect(first).toMatchObject({
      name: 'maestrano',
      sso: { enabled: true, idm: 'https://idp.myapp.com', idp: 'https://maestrano.com' },
      connec: { basePath: '/connec/api/v2' },
      webhooks: { connec: { subscriptions: { accounts: true, events: false } } },
    });
  });
});

describe('spellings', () => {
  it('reads both generations, dotted and camelCase keys alike', () => {
    const entry = platformEntry();
    const expected = read(entry).first;
    const { webhooks, ...rest } = entry;
    const old = {
      ...rest,
      webhook: {
        account: {
          groupsPath: webhooks.account.group_path,
          group_users_path: webhooks.account.group_user_path,
        },
        connec: { notifications_path: webhooks.connec.notification_path, externalIds: 'true' },
      },
    };
    expect(read(old).first).toEqual(expected);
    const dotted = {
      Marketplace: entry.marketplace,
      nid: entry.nid,
      environment: entry.environment,
      'app.host': entry.app.host,
      App: {
        SynchronizationStartPath: entry.app.synchronization_start_path,
        synchronizationTogglePath: entry.app.synchronization_toggle_path,
        'synchronization-status-path': entry.app.synchronization_status_path,
      },
      api: { id: entry.api.id, key: entry.api.key, accountHost: entry.api.host, accountBase: 'api/v1' },
      'sso.idm': '',
      'sso.initPath': entry.sso.init_path,
      'sso.consumePath': entry.sso.consume_path,
      'sso.idp': null,
      Sso: { X509Fingerprint: FINGERPRINT_B, x509Certificate: CERTIFICATE_B },
      'connec.base': '/api/v2/',
      'connec.timeout': '300.0',
      'api.connectHost': entry.connec.host,
      'webhook.account.groupsPath': webhooks.account.group_path,
      'webhooks.account.groupUserPath': webhooks.account.group_user_path,
      'webhooks.connec.notificationPath': webhooks.connec.notification_path,
      'webhooks.connec.externalIds': 1,
    };
    const result = read(dotted);
    expect(result.first).toEqual(expected);
    expect(result.codes).toEqual(['configuration.certificateWeak']);
  });

  it('reads the flat names of the Ruby generation', () => {
    const { first, codes } = read({
      marketplace: 'mine',
      environment: 'production',
      app_host: 'http://localhost:3000/',
      app_id: 'app-1',
      api_key: 'k',
      sso_app_init_path: '/in',
      sso_app_consume_path: '/out',
      sso_enabled: 'true',
      user_creation_mode: 'virtual',
      verify_ssl_certs: false,
      'webhook.connec.subscriptions': { salesOrders: true, people: 'false' },
    });
    expect(first).toMatchObject({
      app: { host: 'http://localhost:3000' },
      api: { id: 'app-1', host: 'https://maestrano.com' },
      sso: { initPath: '/in', consumePath: '/out', creationMode: 'virtual', idp: 'https://maestrano.com' },
      webhooks: { connec: { subscriptions: { sales_orders: true, people: false } } },
    });
    expect(codes).toEqual(['configuration.tlsVerification']);
  });

  it('lets the canonical spelling win over another one', () => {
    const { first } = read({
      ...minimal,
      webhook: { account: { groups_path: '/old/:id' } },
      webhooks: { account: { group_path: '/new/:id' } },
    });
    expect(first.webhooks.account.groupPath).toBe('/new/:id');
  });

  it('reports a parameter nobody reads, without its value', () => {
    const { problems } = read({ ...minimal, sso: { init_pth: 's3cret' } });
    expect(problems[0]!.remedy).toContain('sso.init_path');
    expect(problems).toMatchObject([
      { code: 'configuration.unknownKey', severity: 'warning', key: 'sso.init_pth', found: null },
    ]);
  });
});

describe('presets', () => {
  it('fill what is missing, and nothing else', () => {
    const { first, problems } = read(minimal);
    expect(problems).toEqual([]);
    expect(first).toMatchObject({
      api: { host: 'https://uat.maestrano.io' },
      sso: {
        idm: 'https://my-app.example.com',
        idp: 'https://uat.maestrano.io',
        initPath: '/maestrano/auth/saml/init/mine',
      },
      connec: { host: 'https://api-connec-uat.maestrano.io', timeoutMs: 180_000 },
    });
    const own = read({
      ...minimal,
      api: { ...minimal.api, host: 'https://hub.example.com' },
      connec: { enabled: false },
    }).first;
    expect(own.sso.idp).toBe('https://hub.example.com');
    expect(own.connec).toMatchObject({ enabled: false, host: null });
  });

  it('are found by the marketplace where the environment is none', () => {
    const { first } = read({ ...minimal, marketplace: 'maestrano-production', environment: 'timesheets' });
    expect(first.api.host).toBe('https://maestrano.com');
    expect(first.sso.certificates[0]!.sha256.slice(0, 8)).toBe('455f634d');
  });

  it('keep their certificate back from a marketplace that pins another one', () => {
    const pinned = read({ ...minimal, sso: { x509_fingerprint: 'ab'.repeat(32) } });
    expect(pinned.first.sso).toMatchObject({
      certificates: [],
      fingerprints: [{ algorithm: 'sha256' }],
      enabled: true,
    });
    expect(
      read({ ...minimal, sso: { x509_fingerprint: FINGERPRINT_B } }).first.sso.certificates,
    ).toHaveLength(1);
  });
});

describe('certificates', () => {
  const body = CERTIFICATE_B.replace(/-----[^-]+-----|\s/g, '');

  it.each([
    ['on one line', CERTIFICATE_B.replaceAll('\n', '')],
    ['with literal line feeds', CERTIFICATE_B.replaceAll('\n', '\\n')],
    ['with literal CRLF', CERTIFICATE_B.replaceAll('\n', '\\r\\n')],
    ['with CRLF and blanks around', `  ${CERTIFICATE_B.replaceAll('\n', '\r\n')}\n\n`],
    ['without armour', body],
    ['indented', CERTIFICATE_B.replaceAll('\n', '\n    ')],
    ['with a prologue', `Certificate:\n    Data:\n${CERTIFICATE_B}`],
    ['base64 of PEM', Buffer.from(CERTIFICATE_B).toString('base64')],
  ])('are read %s', (_, x509Certificate) => {
    expect(read({ ...minimal, sso: { x509Certificate } }).first.sso.certificates).toMatchObject([
      { pem: CERTIFICATE_B, sha1: FINGERPRINT_B.replaceAll(':', ''), bits: 1024 },
    ]);
  });

  it('may be several, in a list or in one text, newest first and each once', () => {
    const listed = read({
      ...minimal,
      sso: { x509_certificate: [CERTIFICATE_B, CERTIFICATE_C, CERTIFICATE_B] },
    }).first;
    const joined = read({ ...minimal, sso: { x509_certificate: CERTIFICATE_B + CERTIFICATE_C } }).first;
    expect(listed.sso.certificates).toHaveLength(2);
    expect(joined.sso.certificates).toEqual(listed.sso.certificates);
    expect(listed.sso.certificates[0]!.notBefore >= listed.sso.certificates[1]!.notBefore).toBe(true);
  });

  it('whose private key is public are rejected in production, also as a fingerprint, and warned of elsewhere', () => {
    const sandbox = { ...minimal, environment: 'test' };
    expect(read(sandbox)).toMatchObject({ first: { sso: { enabled: true } } });
    for (const input of [
      sandbox,
      { ...minimal, sso: { x509_certificate: CERTIFICATE_A } },
      {
        ...minimal,
        environment: null,
        api: { ...minimal.api, host: 'https://hub.example.com' },
        sso: { x509_fingerprint: '01:06:15:89:25:7d:78:12:28:a6:69:c7:de:63:ed:74:21:f9:f5:36' },
      },
    ]) {
      const { first, problems } = read(input, { production: true });
      expect(first.sso).toMatchObject({ enabled: false, certificates: [], fingerprints: [] });
      expect(problems).toContainEqual(
        expect.objectContaining({ code: 'configuration.publicKeyCertificate', severity: 'error' }),
      );
    }
  });

  it('that do not parse leave SSO off, and the rest of the marketplace on', () => {
    const { first, problems } = read({
      ...minimal,
      sso: { x509_certificate: CERTIFICATE_B.replace('MIID', 'NIID') },
    });
    expect(first).toMatchObject({ name: 'mine', sso: { enabled: false }, connec: { enabled: true } });
    expect(problems.map(({ code, severity }) => [code, severity])).toEqual([
      ['configuration.certificate', 'error'],
      ['configuration.missing', 'error'],
    ]);
    expect(JSON.stringify(problems)).not.toContain('NIID');
  });

  it('win over a fingerprint of another certificate, which is reported', () => {
    const { first, codes } = read({
      ...minimal,
      sso: { x509_certificate: CERTIFICATE_C, x509_fingerprint: FINGERPRINT_B },
    });
    expect(first.sso).toMatchObject({ enabled: true, fingerprints: [] });
    expect(codes).toContain('configuration.fingerprint');
  });
});

describe('bad values', () => {
  it.each([
    ['without scheme', 'my-app.example.com'],
    ['of another scheme', 'ftp://my-app.example.com'],
    ['with a script', 'javascript://my-app.example.com'],
    ['with a query', 'https://my-app.example.com/?key=s3cret'],
    ['with a fragment', 'https://my-app.example.com#s3cret'],
    ['with blanks', 'https://my app.example.com'],
    ['with credentials', 'https://app:s3cret@my-app.example.com'],
    ['with credentials and no scheme', 'app:s3cret@my-app.example.com'],
  ])('a host %s', (_, host) => {
    const { marketplaces, problems } = read({ ...minimal, app: { host } });
    expect(marketplaces).toEqual([]);
    expect(problems).toMatchObject([
      { code: 'configuration.host', marketplace: 'mine', key: 'app.host', severity: 'error' },
    ]);
    expect(JSON.stringify(problems)).not.toContain('s3cret');
  });

  it.each([
    ['a full URL', 'https://my-app.example.com/in', 'configuration.path'],
    ['a fragment', '/in#there', 'configuration.path'],
    ['dot segments', '/in/../../out', 'configuration.path'],
    ['a backslash', '/\\evil', 'configuration.path'],
    ['no text', { deep: 1 }, 'configuration.unknownKey'],
    ['no placeholder', '/groups', 'configuration.placeholder'],
    ['half a placeholder', '/groups/:identity', 'configuration.placeholder'],
  ])('a template with %s is told and the conventional one used', (_, group_path, code) => {
    const { first, codes } = read({ ...minimal, webhooks: { account: { group_path } } });
    expect(codes).toEqual([code]);
    expect(first.webhooks.account.groupPath).toBe('/maestrano/account/groups/:id/mine');
  });

  it('templates with a query, odd names and the placeholder of the platform are good', () => {
    const { first, problems } = read({
      ...minimal,
      sso: { init_path: 'in?marketplace=%{marketplace}' },
      webhooks: { account: { group_path: '/deleted?groupid=:id&marketplace=x' } },
    });
    expect(problems).toEqual([]);
    expect(first.sso.initPath).toBe('/in?marketplace=mine');
    expect(first.webhooks.account.groupPath).toBe('/deleted?groupid=:id&marketplace=x');
  });

  it('all problems of all marketplaces come at once, and the good marketplaces load', () => {
    const { marketplaces, problems } = read([
      { marketplace: 'one', app: {}, api: { key: 's3cret' } },
      { marketplace: 'two/half', app: { host: 'x' } },
      { ...minimal, sso: { creation_mode: 'both', slo_enabled: 'perhaps' }, connec: { timeout: -1 } },
      platformEntry('good'),
    ]);
    expect(marketplaces.map(({ name, sso }) => [name, sso.enabled])).toEqual([
      ['mine', false],
      ['good', true],
    ]);
    const errors = problems.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ marketplace, key }) => `${marketplace} ${key}`)).toEqual([
      'one app.host',
      'one api.id',
      'one api.host',
      'one sso.x509_certificate',
      'null marketplace',
      'mine connec.timeout',
      'mine sso.slo_enabled',
      'mine sso.creation_mode',
    ]);
    expect(JSON.stringify(problems)).not.toContain('s3cret');
    for (const { message, remedy } of problems)
      expect([message, remedy].every((text) => text.length > 10)).toBe(true);
  });

  it('of two entries with one name the last counts', () => {
    const { marketplaces, problems } = read([
      { ...minimal, nid: 'first' },
      { ...minimal, nid: 'last' },
    ]);
    expect(marketplaces.map(({ nid }) => nid)).toEqual(['last']);
    expect(problems).toMatchObject([{ code: 'configuration.duplicate', severity: 'warning' }]);
    expect(read([minimal, minimal], { strict: true }).problems).toMatchObject([{ severity: 'error' }]);
  });

  it('of two marketplaces with one SSO path the later loses SSO', () => {
    const second = {
      ...minimal,
      marketplace: 'other',
      api: { id: 'app-2', key: 'k-2' },
      sso: { init_path: '/maestrano/auth/saml/init/mine/' },
    };
    const { marketplaces, problems } = read([minimal, second]);
    expect(marketplaces.map(({ name, sso }) => [name, sso.enabled, sso.sloEnabled])).toEqual([
      ['mine', true, true],
      ['other', false, false],
    ]);
    expect(problems).toMatchObject([
      { code: 'configuration.sharedPath', marketplace: 'other', key: 'sso.init_path', severity: 'error' },
    ]);
  });

  it('a login that begins and ends on one path, or on that of another step, is off', () => {
    const { first, problems } = read({ ...minimal, sso: { init_path: '/saml', consume_path: 'saml/' } });
    expect(first.sso.enabled).toBe(false);
    expect(problems).toMatchObject([{ code: 'configuration.sharedPath', key: 'sso.consume_path' }]);
    const other = { ...minimal, marketplace: 'other', api: { id: 'app-2', key: 'k-2' } };
    const crossed = read([
      { ...minimal, sso: { init_path: '/a', consume_path: '/b?x=1&y=2' } },
      { ...other, sso: { init_path: '/b?y=2&x=1', consume_path: '/c' } },
    ]);
    expect(crossed.problems).toMatchObject([{ marketplace: 'other', key: 'sso.init_path' }]);
  });

  it('shared webhook paths are good, shared credentials a warning, both together an error', () => {
    const paths = { webhooks: { connec: { notification_path: '/notifications' } } };
    const other = { ...minimal, marketplace: 'other' };
    expect(
      read([
        { ...minimal, ...paths },
        { ...other, ...paths, api: { id: 'app-2', key: 'k' } },
      ]).problems,
    ).toEqual([]);
    expect(read([minimal, other]).problems).toMatchObject([
      { code: 'configuration.sharedCredentials', severity: 'warning' },
    ]);
    expect(
      read([
        { ...minimal, ...paths },
        { ...other, ...paths },
      ]).problems,
    ).toMatchObject([{ code: 'configuration.sharedCredentials', severity: 'error' }]);
  });
});

it('takes several keys, the first of which is the one to send', () => {
  const { first } = read({
    ...minimal,
    api: { id: 'app-1', key: ['new', ' old ', ''], keys: ['older', 'old'] },
  });
  expect(first.api.keys.map((key) => key.reveal())).toEqual(['new', 'old', 'older']);
});
