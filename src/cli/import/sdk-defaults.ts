import type { ImportNote, SdkName } from './imported-source.js';

/** What an official SDK fills in by itself in its static generation (protocol §1.2, §1.4), by canonical parameter. */
export const SDK_DEFAULTS: Readonly<Record<SdkName, Readonly<Record<string, string | number>>>> = {
  ruby: {
    'connec.timeout': 60,
    'app.host': 'http://localhost:3000',
    'sso.init_path': '/maestrano/auth/saml/init',
    'sso.consume_path': '/maestrano/auth/saml/consume',
    'webhooks.account.group_path': '/maestrano/account/groups/:id',
    'webhooks.account.group_user_path': '/maestrano/account/groups/:group_id/users/:id',
    'webhooks.connec.notification_path': '/maestrano/connec/notifications',
  },
  php: {
    environment: 'test',
    'app.host': 'http://localhost:8888',
    'sso.init_path': '/maestrano/auth/saml/init.php',
    'sso.consume_path': '/maestrano/auth/saml/consume.php',
    'webhooks.account.group_path': '/maestrano/account/groups/:id',
    'webhooks.account.group_user_path': '/maestrano/account/groups/:group_id/users/:id',
    'webhooks.connec.notification_path': '/maestrano/connec/notifications',
    'webhooks.connec.initialization_path': '/maestrano/connec/initialization',
  },
  java: {
    'api.host': 'https://api-hub.maestrano.com',
    'connec.host': 'https://api-connec.maestrano.com',
    'connec.base_path': '/api/v2',
    'sso.creation_mode': 'virtual',
    'webhooks.account.group_path': '/maestrano/account/groups/:id',
    'webhooks.account.group_user_path': '/maestrano/account/groups/:group_id/users/:id',
    'webhooks.connec.notification_path': '/maestrano/connec/notifications',
  },
  dotnet: {
    environment: 'test',
    'sso.creation_mode': 'virtual',
    'sso.init_path': '/maestrano/auth/saml/init.aspx',
    'sso.consume_path': '/maestrano/auth/saml/consume.aspx',
    'webhooks.account.group_path': '/maestrano/account/groups/:id',
    'webhooks.account.group_user_path': '/maestrano/account/groups/:group_id/users/:id',
    'webhooks.connec.notification_path': '/maestrano/connec/notifications',
  },
  platform: {},
};

/** What an SDK's own preset supplies, where ours of that name does not (protocol §1.4), by environment. */
export const SDK_PRESETS: Readonly<
  Record<SdkName, Readonly<Record<string, Readonly<Record<string, string>>>>>
> = {
  // The preset's API host is another in each generation of the Ruby SDK: it stays open.
  ruby: { local: { 'connec.host': 'http://connec.maestrano.io', 'connec.base_path': '/api/v2' } },
  php: {
    local: {
      'api.host': 'http://application.maestrano.io',
      'sso.idp': 'http://application.maestrano.io',
      'connec.host': 'http://connec.maestrano.io',
      'connec.base_path': '/api/v2',
    },
  },
  java: {},
  dotnet: {},
  platform: {},
};

/** What a preset supplies: with all of these set, it does not matter which one it is. */
export const PRESET_PARAMETERS = [
  'api.host',
  'connec.host',
  'connec.base_path',
  'sso.x509_certificate',
] as const;

/** Ways in which an SDK behaves that no parameter can carry over; reported for every import from it (protocol §11.1). */
export const SDK_DIFFERENCES: Readonly<Record<SdkName, readonly ImportNote[]>> = {
  ruby: [
    {
      subject: 'sso.idp',
      theirs: 'ignored: login goes to api.host',
      ours: 'login goes to sso.idp, and to api.host only where sso.idp is missing',
    },
    {
      subject: 'sso.idm',
      theirs: 'an empty text makes the URLs relative',
      ours: 'an empty text means app.host',
    },
    { subject: 'webhooks', theirs: 'dropped from the developer platform’s response', ours: 'used' },
    {
      subject: 'current marketplace',
      theirs: 'the last one used, by any thread',
      ours: 'decided by each request',
    },
  ],
  php: [
    { subject: 'sso.idm', theirs: 'ignored: URLs begin with app.host', ours: 'used where it is set' },
    { subject: 'sso.name_id_format', theirs: 'emailAddress in 2.x', ours: 'persistent' },
    {
      subject: 'developer platform',
      theirs: 'the file wins over the environment; a cache of 12 hours beside the code',
      ours: 'options win over the environment; the last good response is kept in memory, and in a file if you name one',
    },
    { subject: 'metadata', theirs: 'holds api.key', ours: 'holds no secret' },
  ],
  java: [
    {
      subject: 'parameters',
      theirs: 'all are required, or nothing starts',
      ours: 'each marketplace stands for itself',
    },
    { subject: 'assertions', theirs: 'expired and re-wrapped ones are accepted', ours: 'rejected' },
    {
      subject: 'session recheck',
      theirs: 'not written back',
      ours: 'written back when the marketplace renewed it',
    },
  ],
  dotnet: [
    {
      subject: 'webhooks.connec.subscriptions',
      theirs: 'ignored in newer versions',
      ours: 'shown in the metadata',
    },
    {
      subject: 'session key',
      theirs: 'the marketplace’s name',
      ours: 'one session that knows its marketplaces',
    },
    { subject: 'membership', theirs: 'user and group ids are swapped', ours: 'each in its own field' },
  ],
  platform: [],
};

/** Differences that hold whichever SDK it was. */
export const COMMON_DIFFERENCES: readonly ImportNote[] = [
  { subject: 'TLS', theirs: 'certificates are not verified by default', ours: 'always verified' },
  {
    subject: 'connec.timeout',
    theirs: '300 s from the platform, 60 s otherwise, where it is used',
    ours: 'what is written down; 60 s without it, and 180 s in the presets `uat` and `production`',
  },
  {
    subject: 'Audience, Recipient, InResponseTo, replay',
    theirs: 'not checked',
    ours: 'checked at every login',
  },
];
