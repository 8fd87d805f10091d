/** Namespaces of OpenID 2.0 and its extensions. */
export const OPENID = {
  namespace: 'http://specs.openid.net/auth/2.0',
  identifierSelect: 'http://specs.openid.net/auth/2.0/identifier_select',
  server: 'http://specs.openid.net/auth/2.0/server',
  signOn: [
    'http://specs.openid.net/auth/2.0/signon',
    'http://openid.net/signon/1.1',
    'http://openid.net/signon/1.0',
  ],
  ax: 'http://openid.net/srv/ax/1.0',
  sreg: 'http://openid.net/extensions/sreg/1.1',
  oldSreg: 'http://openid.net/sreg/1.0',
  pape: 'http://specs.openid.net/extensions/pape/1.0',
} as const;

const general = (name: string): string => `http://openid.net/schema/${name}`;
const own = (name: string): string => `http://openid.maestrano.com/schema/${name}`;

/** Alias and type of each attribute, with the name it has in an assertion (protocol §5). */
export const AX_ATTRIBUTES: readonly (readonly [alias: string, type: string, attribute: string])[] = [
  ['u_guid', general('person/guid'), 'uid'],
  ['u_vguid', own('person/vguid'), 'virtual_uid'],
  ['u_fname', general('namePerson/first'), 'name'],
  ['u_lname', general('namePerson/last'), 'surname'],
  ['u_email', general('contact/internet/email'), 'email'],
  ['u_vemail', own('contact/internet/vemail'), 'virtual_email'],
  ['u_country', general('contact/country/home'), 'country'],
  ['u_city', general('contact/city/home'), 'city'],
  ['u_tz', general('timezone'), 'timezone'],
  ['u_session_key', own('session/key'), 'mno_session'],
  ['u_session_exp', own('session/expiration'), 'mno_session_recheck'],
  ['g_guid', own('company/guid'), 'group_uid'],
  ['g_u_role', own('company/role'), 'group_role'],
  ['g_name', general('company/name'), 'group_name'],
  ['g_email', own('company/email'), 'group_email'],
  ['g_country', own('company/country'), 'group_country'],
  ['g_city', own('company/city'), 'group_city'],
  ['g_tz', own('company/timezone'), 'group_timezone'],
  ['g_reseller_id', own('company/reseller_id'), 'group_reseller_id'],
  ['r_guid', own('reseller/guid'), 'reseller_id'],
  ['r_name', own('reseller/name'), 'reseller_name'],
  ['r_country', own('reseller/country'), 'reseller_country'],
];
