import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import * as fc from 'fast-check';

import type { Marketplace } from '../../../src/interfaces/marketplace.interface.js';
import type { LockoutOptions } from '../../../src/interfaces/webhooks-options.interface.js';
import { BasicAuthenticator } from '../../../src/security/basic-authenticator.service.js';
import { CredentialLockout } from '../../../src/security/credential-lockout.service.js';
import { basicOf, registeredMarketplace, registryOf } from '../../support/marketplaces.js';
import { fakeDate } from '../../support/fake-date.js';
import { settingsOf } from '../../support/settings.js';

const uat = registeredMarketplace('uat', { api: { key: ['newest', 'key-of-uat'] } });
const production = registeredMarketplace('production');

interface AuthenticatorParts {
  readonly marketplaces?: readonly Marketplace[];
  readonly lockout?: LockoutOptions | boolean;
}

function authenticator({ marketplaces = [uat, production], lockout }: AuthenticatorParts = {}) {
  const { webhooks } = settingsOf({ webhooks: { lockout } });
  return new BasicAuthenticator(registryOf(...marketplaces), new CredentialLockout(webhooks));
}

describe('BasicAuthenticator', () => {
  const subject = authenticator({ lockout: false });

  it('takes any key of a candidate and of no other', () => {
    for (const key of ['newest', 'key-of-uat']) {
      expect(subject.authenticate(basicOf('uat', key), [uat])).toBe(uat);
      expect(subject.authenticate(basicOf('uat', key), [production])).toBeNull();
      expect(subject.authenticate(basicOf('uat', key), [production, uat])).toBe(uat);
      expect(subject.authenticate(basicOf('uat', key), 'any')).toBe(uat);
    }
  });

  it('takes the header in every spelling that means the same', () => {
    const usual = basicOf('uat');
    for (const spelled of [usual.replace('Basic', 'bAsIc'), usual.replace(' ', '   '), `${usual}  `]) {
      expect(subject.authenticate(spelled, [production, uat])).toBe(uat);
      expect(subject.authenticate(spelled, [production])).toBeNull();
    }
  });

  it('does not mistake an id with a colon for an id and the beginning of a key', () => {
    const short = registeredMarketplace('short', { api: { id: 'a', key: 'b:c' } });
    const plain = registeredMarketplace('long', { api: { key: 'c' } });
    const long = { ...plain, api: { ...plain.api, id: 'a:b' } };
    const both = authenticator({ marketplaces: [short, long] });
    const header = `Basic ${btoa('a:b:c')}`;
    expect(both.authenticate(header, [short])).toBe(short);
    expect(both.authenticate(header, [long])).toBeNull();
  });

  it('takes neither half of another marketplace', () => {
    for (const candidates of [[uat], [production], [uat, production], 'any'] as const) {
      expect(subject.authenticate(basicOf('uat', 'key-of-production'), candidates)).toBeNull();
      expect(subject.authenticate(basicOf('production', 'key-of-uat'), candidates)).toBeNull();
    }
  });

  it('takes nothing where nobody may come in, and nothing empty or malformed', () => {
    expect(subject.authenticate(basicOf('uat'), [])).toBeNull();
    for (const header of [
      undefined,
      '',
      'Basic',
      basicOf('uat', ''),
      `Basic ${btoa(':')}`,
      `Basic ${btoa('app-uat')}`,
    ]) {
      for (const candidates of [[uat], 'any'] as const)
        expect(subject.authenticate(header, candidates)).toBeNull();
    }
  });
});

describe('isolation', () => {
  const word = fc.string({
    unit: fc.constantFrom('a', 'b', 'ü', '0', 'e', '-', ' '),
    minLength: 1,
    maxLength: 4,
  });
  // A colon ends the id in the header, so that no id can hold one; a key can.
  const pair = fc.record({
    id: word.map((id) => `i${id}i`),
    key: fc.tuple(word, fc.constantFrom('', ':', '::x')).map(([key, end]) => `k${key}${end}k`),
  });

  it('never lets credentials open a marketplace they are not of', () => {
    const pairs = fc.uniqueArray(pair, {
      minLength: 2,
      maxLength: 6,
      selector: ({ id, key }) => `${id}:${key}`,
    });
    fc.assert(
      fc.property(pairs, (credentials) => {
        const marketplaces = credentials.map((api, index) => registeredMarketplace(`m${index}`, { api }));
        const subject = authenticator({ marketplaces });
        credentials.forEach(({ id, key }, index) => {
          const header = `Basic ${Buffer.from(`${id}:${key}`).toString('base64')}`;
          const own = marketplaces[index];
          expect(subject.authenticate(header, 'any')).toBe(own);
          for (const other of marketplaces) {
            expect(subject.authenticate(header, [other])).toBe(other === own ? own : null);
          }
          expect(
            subject.authenticate(
              header,
              marketplaces.filter((one) => one !== own),
            ),
          ).toBeNull();
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('the lockout', () => {
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });
  const guess = (subject: BasicAuthenticator, times: number, source = '10.0.0.1'): void => {
    for (let time = 0; time < times; time += 1)
      subject.authenticate(basicOf('uat', 'guess'), [uat], { ip: source });
  };

  it('is off by default', () => {
    const subject = authenticator({ lockout: false });
    guess(subject, 1_000);
    expect(subject.authenticate(basicOf('uat'), [uat], { ip: '10.0.0.1' })).toBe(uat);
  });

  it('holds one address out of one marketplace for a time, and says so once', () => {
    fakeDate();
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const subject = authenticator({ lockout: { failures: 3, windowMs: 1_000, lockMs: 5_000 } });
    guess(subject, 10);
    expect(subject.authenticate(basicOf('uat'), [uat], { ip: '10.0.0.1' })).toBeNull();
    expect(subject.authenticate(basicOf('uat'), [uat], { ip: '10.0.0.2' })).toBe(uat);
    expect(subject.authenticate(basicOf('production'), [production], { ip: '10.0.0.1' })).toBe(production);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(String(warn.mock.calls[0])).not.toContain('guess');
    jest.setSystemTime(Date.now() + 5_001);
    expect(subject.authenticate(basicOf('uat'), [uat], { ip: '10.0.0.1' })).toBe(uat);
  });

  it('forgets failures after the window and after a success', () => {
    fakeDate();
    const subject = authenticator({ lockout: { failures: 3, windowMs: 1_000 } });
    guess(subject, 2);
    jest.setSystemTime(Date.now() + 1_001);
    guess(subject, 2);
    expect(subject.authenticate(basicOf('uat'), [uat], { ip: '10.0.0.1' })).toBe(uat);
    guess(subject, 2);
    expect(subject.authenticate(basicOf('uat'), [uat], { ip: '10.0.0.1' })).toBe(uat);
  });

  it('does not count callers without credentials', () => {
    const subject = authenticator({ lockout: { failures: 1 } });
    for (const header of [undefined, 'Bearer x']) subject.authenticate(header, [uat], { ip: '10.0.0.1' });
    expect(subject.authenticate(basicOf('uat'), [uat], { ip: '10.0.0.1' })).toBe(uat);
  });

  it('remembers a bounded number of addresses', () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const lockout = new CredentialLockout(
      settingsOf({ webhooks: { lockout: { failures: 1, maxEntries: 100 } } }).webhooks,
    );
    for (let address = 0; address < 1_000; address += 1)
      lockout.failed(`10.0.${address >> 8}.${address & 255}`, 'uat');
    expect(lockout.size).toBe(100);
    expect(lockout.isLocked('10.0.3.231', 'uat')).toBe(true);
    expect(lockout.isLocked('10.0.0.0', 'uat')).toBe(false);
  });

  it('cannot be made to write a second log line', () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    new CredentialLockout(settingsOf({ webhooks: { lockout: { failures: 1 } } }).webhooks).failed(
      `x\nforged ${'y'.repeat(500)}`,
      'uat',
    );
    const [[line]] = warn.mock.calls as [[string]];
    expect(line).not.toContain('\n');
    expect(line.length).toBeLessThan(250);
  });
});
