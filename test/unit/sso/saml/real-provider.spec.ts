import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { MaestranoSsoError } from '../../../../src/errors/sso.error.js';
import { SamlBench, samlMarketplace } from '../../../support/saml/saml-bench.js';
import { idpCertificate } from '../../../support/saml/test-keys.js';
import { sharedFixture, sharedFixturesPresent } from '../../../support/shared-fixtures.js';
import { fakeDate } from '../../../support/fake-date.js';

interface Recording {
  readonly name: string;
  readonly acs: string;
  readonly requestId: string;
  readonly idp: string;
  readonly issuedAt: string;
  readonly certificate: string;
  readonly fingerprint: string;
  readonly expect: string;
}

const recordings: Recording[] = sharedFixturesPresent ? JSON.parse(sharedFixture('real-idp/index.json')) : [];

/** The bench of the marketplace that a recording was made for. */
async function benchFor(recording: Recording, pin: 'certificate' | 'fingerprint'): Promise<SamlBench> {
  const acs = new URL(recording.acs);
  const certificate = idpCertificate(sharedFixture(`real-idp/${recording.certificate}`));
  const bench = new SamlBench({
    marketplace: samlMarketplace({
      idm: acs.origin,
      consumePath: acs.pathname,
      idp: recording.idp,
      certificates: pin === 'certificate' ? [certificate] : [],
      fingerprints: [{ algorithm: 'sha1', digest: recording.fingerprint.replaceAll(':', '') }],
    }),
  });
  await bench.beginAs(recording.requestId);
  return bench;
}

const maybe = sharedFixturesPresent ? describe : describe.skip;

maybe('responses of the real identity provider', () => {
  beforeEach(() => void jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined));
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it.each(
    recordings.flatMap((recording) =>
      (['certificate', 'fingerprint'] as const).map((pin) => [recording.name, pin, recording] as const),
    ),
  )('%s by %s', async (_name, pin, recording) => {
    fakeDate(Date.parse(recording.issuedAt) + 1000);
    const bench = await benchFor(recording, pin);
    const response = bench.validate(sharedFixture(`real-idp/${recording.name}.b64`), [recording.requestId]);
    if (!recording.expect.startsWith('accept')) {
      await expect(response).rejects.toBeInstanceOf(MaestranoSsoError);
      await expect(response).rejects.toMatchObject({
        code: recording.name === 'broken-ampersand' ? 'sso.xmlMalformed' : 'sso.signature',
      });
      return;
    }
    const { profile } = await response;
    expect(profile.user).toMatchObject({ realUid: 'usr-1', uid: 'usr-1', virtualUid: 'usr-1.cld-1' });
    expect(profile.group.uid).toBe('cld-1');
  });
});
