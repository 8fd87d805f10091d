import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { LoginExplainer } from '../../../../src/sso/trace/login-explainer.service.js';
import { ATTRIBUTES } from '../../../support/saml/response-builder.js';
import { SamlBench } from '../../../support/saml/saml-bench.js';

let warned: jest.SpiedFunction<Logger['warn']>;

beforeEach(() => {
  warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
});
afterEach(() => void jest.restoreAllMocks());

const attributes = {
  ...ATTRIBUTES,
  company_name: 'Quetzal\nHolding',
  surname: 'Quetzal\u2028coatl',
  organizations: 'Quetzal\u202e',
  "odd 'name'": 'Quetzal\u007f',
};

describe('a login whose attributes did not all come through as they were', () => {
  it('is logged in one line with their names, and never a value', async () => {
    const { traceCode } = await new SamlBench().login({ attributes });
    expect(warned).toHaveBeenCalledTimes(1);
    const line = String(warned.mock.calls[0]?.[0]);
    expect(JSON.parse(line.slice(line.indexOf('{')))).toEqual({
      marketplace: 'lab',
      trace: traceCode,
      cleaned: ['surname', 'company_name'],
      omitted: ['organizations', "odd 'name'"],
    });
    expect(line).not.toContain('Quetzal');
  });

  it('is explained by its trace', async () => {
    const bench = new SamlBench();
    const { traceCode, profile } = await bench.login({ attributes });
    const text = await new LoginExplainer(bench.traces).explain(traceCode);
    expect(text).toContain('was accepted');
    expect(text).toContain('Cleaned, as they are only shown: surname, company_name.');
    expect(text).toContain("Left out, as they are no plain text: organizations, odd 'name'.");
    expect(text).not.toContain('Quetzal');
    expect(profile.user.omittedAttributes).toEqual(['organizations', "odd 'name'"]);
  });

  it('leaves neither line nor trace where nothing was changed', async () => {
    const bench = new SamlBench();
    const { traceCode } = await bench.login();
    expect(warned).not.toHaveBeenCalled();
    expect(await bench.traces.find(traceCode)).toMatchObject({
      cleanedAttributes: [],
      omittedAttributes: [],
    });
  });

  it('names no more than twenty of them', async () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`x${index}`, '\u202e']));
    const bench = new SamlBench();
    const { traceCode, profile } = await bench.login({ attributes: { ...ATTRIBUTES, ...many } });
    expect(profile.user.omittedAttributes).toHaveLength(30);
    const trace = await bench.traces.find(traceCode);
    expect(trace?.omittedAttributes).toHaveLength(21);
    expect(trace?.omittedAttributes.at(-1)).toBe('and 10 more');
  });
});

describe('texts of checks', () => {
  it('do not call an empty session token too long', async () => {
    const { checks } = await new SamlBench().rejection({ attributes: { ...ATTRIBUTES, mno_session: '' } });
    expect(checks.find(({ code }) => code === 'sso.sessionToken')).toMatchObject({
      expected: '1 to 1024 characters',
      seen: '0 characters',
    });
  });
});
