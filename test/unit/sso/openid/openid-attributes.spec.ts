import { describe, expect, it } from '@jest/globals';

import { CheckFailed, CheckList } from '../../../../src/sso/login/check-list.js';
import {
  OPENID_NS,
  readOpenIdAttributes,
  sortOpenIdAttributes,
} from '../../../../src/sso/openid/openid-message.js';

const EMAIL = 'http://openid.net/schema/contact/internet/email';
const COMPANY = 'http://openid.net/schema/company/name';

/** The sorted attributes of a response that brings these values by type. */
function attributesOf(values: Readonly<Record<string, string>>) {
  const message = new Map([
    ['ns', OPENID_NS],
    ['ns.ext1', 'http://openid.net/srv/ax/1.0'],
  ]);
  for (const [index, [type, value]] of Object.entries(values).entries()) {
    message.set(`ext1.type.a${index}`, type);
    message.set(`ext1.value.a${index}`, value);
  }
  const checks = new CheckList();
  return sortOpenIdAttributes(readOpenIdAttributes(message, new Set(message.keys()), checks), checks);
}

describe('the attributes of a response by OpenID', () => {
  it('are cleaned where they are only shown, and left out where nobody needs them', () => {
    const { values, cleaned, omitted } = attributesOf({
      [COMPANY]: 'Ac\u2028me',
      [EMAIL]: 'jo@example.com',
      'http://example.com/hint': 'a\u202eb',
      'http://example.com/note': 'line\nline',
    });
    expect(Object.fromEntries(values)).toEqual({
      group_name: 'Ac me',
      email: 'jo@example.com',
      'http://example.com/note': 'line\nline',
    });
    expect(cleaned).toEqual(['group_name']);
    expect(omitted).toEqual(['http://example.com/hint']);
  });

  it.each(['jo@example.com\u00a0', ' jo@example.com', 'jo@example.com\n', 'jo@exa\u200bmple.com'])(
    'are rejected where one decides something and is odd: %j',
    (email) => {
      expect(() => attributesOf({ [EMAIL]: email })).toThrow(new CheckFailed('openid.attributes'));
    },
  );
});
