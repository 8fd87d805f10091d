import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { MaestranoSsoError } from '../../src/errors/sso.error.js';
import type { SsoErrorCode } from '../../src/errors/sso-error-codes.js';
import { SSO_ERROR_CODES } from '../../src/errors/sso-error-codes.js';
import { acceptedAudiences } from '../../src/sso/saml/response-verifier.js';
import { checkAssertion } from '../../src/sso/saml/assertion-checks.js';
import { CheckList, type CheckFailed } from '../../src/sso/login/check-list.js';
import { inspectResponse } from '../../src/sso/saml/response-structure.js';
import { ssoPolicyOf } from '../../src/settings/maestrano-settings.js';
import { readXml, responseText } from '../../src/sso/saml/xml-reader.js';
import { SamlBench, samlMarketplace, withoutChecks } from '../support/saml/saml-bench.js';
import { CLASSES } from './corpus/classes.js';
import {
  type HostileCase,
  isMeantFor,
  marketplaceOf,
  REQUEST_ID,
  sceneOf,
  type Variant,
  VARIANTS,
} from './corpus/hostile-case.js';
import { settingsOf } from '../support/settings.js';
import { proveSize } from '../support/sizes.js';

const ALL = CLASSES.flatMap(({ cases }) => cases);
/** Checks that no single response can fail: they need two of them, or a disagreement of two readers. */
const ELSEWHERE: readonly SsoErrorCode[] = ['sso.requestUsed', 'sso.replay', 'sso.engine'];

/** Cannot be left out: without the record of the login there is nothing to validate against. */
const INHERENT: readonly SsoErrorCode[] = ['sso.requestUnknown'];

/** What a build without signatures would say: it reads the assertion as it came. */
function validateUnsigned(one: HostileCase, field: unknown): string {
  const { sso, api, name } = samlMarketplace(one.sso);
  const policy = ssoPolicyOf(settingsOf({ sso: one.options }).sso, name);
  const checks = new CheckList();
  try {
    const response = inspectResponse(
      readXml(responseText(field, policy.limits, checks), policy.limits, checks),
      policy,
      checks,
    );
    const parties = {
      consumeUrl: sso.idm + sso.consumePath,
      providerUrl: `${sso.idp}${api.base}auth/saml`,
      applicationId: api.id,
      nameIdFormat: sso.nameIdFormat,
    };
    const audiences = acceptedAudiences(parties, policy);
    const context = {
      parties,
      policy,
      sso,
      audiences,
      requestId: REQUEST_ID,
      responseIssuer: null,
      now: Date.now(),
    };
    checkAssertion(response.assertion, context, checks);
    checks.throwIfFailed();
    return 'accepted';
  } catch (error) {
    return (error as CheckFailed).code;
  }
}

/** What becomes of a response: `accepted`, or the code of the rejection. */
async function validate(
  one: HostileCase,
  field: unknown,
  variant: Variant,
  ignored: readonly SsoErrorCode[] = [],
): Promise<string> {
  const bench = new SamlBench({ marketplace: marketplaceOf(variant, one.sso), sso: one.options });
  await bench.beginAs(REQUEST_ID);
  try {
    const bound = one.bound === undefined ? [REQUEST_ID] : one.bound;
    await withoutChecks(ignored, () => bench.validate(field, bound));
    return 'accepted';
  } catch (error) {
    if (!(error instanceof MaestranoSsoError)) throw error;
    // Whatever was rejected, the login stays open for its real response, and nothing of the response leaks out.
    expect(await bench.transactions.peek(bench.marketplace, REQUEST_ID)).not.toBeNull();
    expect(error.message).not.toMatch(/[\n\r<]|jo@example\.com|tok36/);
    return error.code;
  }
}

const respond = (one: HostileCase, variant: Variant): unknown =>
  one.respond(
    sceneOf(new SamlBench({ marketplace: marketplaceOf(variant, one.sso), sso: one.options }), variant),
  );

const IS_WHOLE = proveSize(0, 1) === 1;

/** The two that differ most; all four under `npm run prove`. */
const HERE: readonly Variant[] = VARIANTS.filter(
  ({ certificates, embedded }) => IS_WHOLE || (certificates === 1) === embedded,
);

/** In the suite the second has the cases that signatures decide, and every fourth of the others of a class. */
const isHere = ({ expected }: HostileCase, index: number, variant: Variant): boolean =>
  IS_WHOLE || variant === HERE[0] || expected === 'sso.signature' || index % 4 === 0;

describe.each(
  HERE.flatMap((variant) =>
    CLASSES.map((hostile) => ({
      ...hostile,
      cases: hostile.cases
        .filter((one) => isMeantFor(one, variant))
        .filter((one, index) => isHere(one, index, variant)),
    }))
      .filter(({ cases }) => cases.length > 0)
      .map((hostile) => [variant.name, hostile.name, variant, hostile] as const),
  ),
)('hostile, %s: %s', (_variant, _name, variant, { cases }) => {
  beforeAll(() => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  });
  afterAll(() => void jest.restoreAllMocks());

  it.each(cases.map((one) => [one.name, one.expected, one] as const))(
    '%s: %s',
    async (_case, expected, one) => {
      const field = respond(one, variant);
      expect(await validate(one, field, variant)).toBe(expected);
      // A build that lacks the check must not notice, or notice something else: the case is there for this check.
      if (INHERENT.includes(expected) || variant !== HERE[0]) return;
      const { smaller } = one;
      const read = smaller ? respond(smaller, variant) : field;
      if (smaller) expect(await validate(smaller, read, variant)).toBe(expected);
      const lacking =
        expected === 'sso.signature'
          ? validateUnsigned(one, read)
          : await validate(one, read, variant, [expected]);
      expect(lacking).not.toBe(expected);
    },
  );
});

describe('the corpus', () => {
  it('holds at least 250 cases under different names', () => {
    expect(ALL.length).toBeGreaterThanOrEqual(250);
    const names = CLASSES.flatMap((hostile) => hostile.cases.map((one) => `${hostile.name}: ${one.name}`));
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('fails every check there is', () => {
    const needed = new Set(ALL.map(({ expected }) => expected));
    const codes = Object.keys(SSO_ERROR_CODES) as SsoErrorCode[];
    expect(codes.filter((code) => !needed.has(code) && !ELSEWHERE.includes(code))).toEqual([]);
  });
});
