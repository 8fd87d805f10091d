import { describe, expect, it } from '@jest/globals';

import { FormTokens } from '../../../src/console/form-tokens.js';
import { settingsOf } from '../../support/settings.js';

const tokensOf = (secret?: string | string[]): FormTokens =>
  new FormTokens(settingsOf(secret === undefined ? {} : { session: { secret } }).session);

const OLD = 'an older text of at least thirty-two characters';
const NEW = 'a newer text of at least thirty-two characters';
const HALF_A_DAY = 12 * 60 * 60_000;

describe('tokens of forms', () => {
  it('are one person’s, for half a day', () => {
    const tokens = tokensOf(NEW);
    const now = Date.UTC(2026, 0, 1);
    const token = tokens.make('Ines', now);
    expect(tokens.isValid('Ines', token, now)).toBe(true);
    expect(tokens.isValid('Sam', token, now)).toBe(false);
    expect(tokens.isValid('Ines', token, now + HALF_A_DAY - 1)).toBe(true);
    expect(tokens.isValid('Ines', token, now + HALF_A_DAY)).toBe(false);
  });

  it.each([undefined, '', '.', 'x', 'zzzzzzzzzzzz.x', '1.', '-1.x'])('%j is none', (token) => {
    expect(tokensOf(NEW).isValid('Ines', token)).toBe(false);
  });

  it('cannot be given more time, or another person', () => {
    const tokens = tokensOf(NEW);
    const [until = '', signature = ''] = tokens.make('Ines').split('.');
    const later = (Number.parseInt(until, 36) - 1).toString(36);
    expect(tokens.isValid('Ines', `${later}.${signature}`)).toBe(false);
  });

  it('are known to all instances with one secret, also while it is changed', () => {
    const token = tokensOf(OLD).make('Ines');
    expect(tokensOf(OLD).isValid('Ines', token)).toBe(true);
    expect(tokensOf([NEW, OLD]).isValid('Ines', token)).toBe(true);
    expect(tokensOf(NEW).isValid('Ines', token)).toBe(false);
    expect(tokensOf().isValid('Ines', tokensOf().make('Ines'))).toBe(false);
  });
});
