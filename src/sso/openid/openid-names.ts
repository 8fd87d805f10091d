/** Namespace of OpenID 2.0 messages. */
export const OPENID_NS = 'http://specs.openid.net/auth/2.0';

/** Service type of an identity provider in its XRDS document. */
export const OPENID_SERVER_TYPE = 'http://specs.openid.net/auth/2.0/server';

/** Lets the person choose the account at the provider. */
export const IDENTIFIER_SELECT = 'http://specs.openid.net/auth/2.0/identifier_select';

/** Attribute exchange. */
export const AX_NS = 'http://openid.net/srv/ax/1.0';

/**
 * Attribute types by what they mean in SAML's words (protocol §5, §4.6), so that both ways of signing in lead to the
 * same profiles. The provider's aliases do not count.
 */
export const AX_ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['http://openid.net/schema/person/guid', 'uid'],
  ['http://openid.maestrano.com/schema/person/vguid', 'virtual_uid'],
  ['http://openid.net/schema/namePerson/first', 'name'],
  ['http://openid.net/schema/namePerson/last', 'surname'],
  ['http://openid.net/schema/contact/internet/email', 'email'],
  ['http://openid.maestrano.com/schema/contact/internet/vemail', 'virtual_email'],
  ['http://openid.net/schema/contact/country/home', 'country'],
  ['http://openid.net/schema/contact/city/home', 'city'],
  ['http://openid.net/schema/timezone', 'timezone'],
  ['http://openid.maestrano.com/schema/session/key', 'mno_session'],
  ['http://openid.maestrano.com/schema/session/expiration', 'mno_session_recheck'],
  ['http://openid.maestrano.com/schema/company/guid', 'group_uid'],
  ['http://openid.maestrano.com/schema/company/role', 'group_role'],
  ['http://openid.net/schema/company/name', 'group_name'],
  ['http://openid.maestrano.com/schema/company/email', 'group_email'],
  ['http://openid.maestrano.com/schema/company/country', 'group_country'],
  ['http://openid.maestrano.com/schema/company/city', 'group_city'],
  ['http://openid.maestrano.com/schema/company/timezone', 'group_timezone'],
  ['http://openid.maestrano.com/schema/company/reseller_id', 'group_reseller_id'],
  ['http://openid.maestrano.com/schema/reseller/guid', 'reseller_id'],
  ['http://openid.maestrano.com/schema/reseller/name', 'reseller_name'],
  ['http://openid.maestrano.com/schema/reseller/country', 'reseller_country'],
]);
