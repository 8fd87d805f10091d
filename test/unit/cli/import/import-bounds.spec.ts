import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { ImportFolder } from '../../../support/imported-configuration.js';

let folder: ImportFolder;

beforeEach(() => {
  folder = new ImportFolder();
});
afterEach(() => {
  folder.remove();
});

const numbers = (count: number): string => Array.from({ length: count }, (_, index) => index).join(',');
const configure = (host: string): string =>
  `Maestrano.configure do |c|\n  c.environment = 'production'\n  c.api.id = 'a'\n  c.api.key = 'k'\n  c.app.host = ${host}\nend\n`;

/** Milliseconds; each of these would take for ever, or all memory, if it were followed to the end. */
const LONG = 20_000;

describe('an import ends, whatever the program does', () => {
  it.each([
    ['a text that doubles', `x = 'a'\n[${numbers(60)}].each { |i| x = x + x }\n${configure('x')}`],
    [
      'a choice that doubles',
      `x = 'a'\n[${numbers(60)}].each { |i| x = ENV["V#{i}"] ? x + 'a' : x + 'b' }\n${configure('x')}`,
    ],
    ['a list that doubles', `x = [1]\n[${numbers(60)}].each { |i| x = x + x }\n${configure('x.join')}`],
  ])(
    '%s stays open',
    async (_name, source) => {
      const { err } = await folder.run(['--print', 'a.rb'], { 'a.rb': source });
      expect(err).toContain('"maestrano" app.host: a.rb line 7');
    },
    LONG,
  );

  it.each([
    ['loops in loops', `l = [${numbers(100)}]\nl.each { l.each { l.each { l.each { l.each { } } } } }\n`],
    ['a method that calls itself', 'def f(x)\n if Settings.a then f(x) else f(x) end\nend\nf(1)\n'],
  ])(
    '%s are left, and that is said',
    async (_name, source) => {
      const { code, err } = await folder.run(['--print', 'a.rb'], {
        'a.rb': source + configure("'https://a.example'"),
      });
      expect(code).toBe(1);
      expect(err).toContain('the program takes longer than an import follows it');
    },
    LONG,
  );

  it.each([
    ['a.rb', `${'('.repeat(20_000)}\n`],
    ['a.php', `<?php $x = ${'('.repeat(5_000)}1${')'.repeat(5_000)};`],
    [
      'a.yml',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${['b', 'c', 'd', 'e', 'f'].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdef'[index]}`).join(',')}]`).join('\n')}\n`,
    ],
  ])(
    '%s that is nested too deeply is an error',
    async (file, text) => {
      const { code, err } = await folder.run([file], { [file]: text });
      expect(code).toBe(1);
      expect(err).toMatch(/\[cli\.(?:format|nothing)\]\n$/);
    },
    LONG,
  );
});
