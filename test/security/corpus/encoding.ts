import { deflateRawSync, gzipSync } from 'node:zlib';

import { formField } from '../../support/saml/response-builder.js';
import { type HostileCase, type HostileClass, type Scene } from './hostile-case.js';

const raw = (
  name: string,
  expected: HostileCase['expected'],
  respond: (scene: Scene) => unknown,
): HostileCase => ({ name, expected, respond });
const bytes = (scene: Scene, change: (buffer: Buffer) => Buffer): string =>
  change(Buffer.from(scene.xml())).toString('base64');

const types: HostileCase[] = [
  raw('nothing', 'sso.inputType', () => undefined),
  raw('null', 'sso.inputType', () => null),
  raw('empty text', 'sso.inputType', () => ''),
  raw('list', 'sso.inputType', (scene) => [scene.field(), scene.field()]),
  raw('list of one', 'sso.inputType', (scene) => [scene.field()]),
  raw('object', 'sso.inputType', (scene) => ({ a: scene.field() })),
  raw('object that pretends to be text', 'sso.inputType', (scene) => ({
    toString: () => scene.field(),
    length: 10,
  })),
  raw('number', 'sso.inputType', () => 42),
  raw('true', 'sso.inputType', () => true),
  raw('buffer', 'sso.inputType', (scene) => Buffer.from(scene.field())),
];

const base64: HostileCase[] = [
  raw('XML as it is', 'sso.inputEncoding', (scene) => scene.xml()),
  raw('blanks only', 'sso.inputEncoding', () => ' \n '),
  raw('plus signs turned into blanks', 'sso.inputEncoding', (scene) =>
    scene
      .field({ attributes: { ...scene.spec().attributes, x: '>>>>????' } })
      .replaceAll(/\n/g, '')
      .replace(/[A-Z]/, '+')
      .replaceAll('+', ' '),
  ),
  raw('alphabet of URLs', 'sso.inputEncoding', (scene) =>
    formField(scene.xml()).replaceAll('\n', '').replace('A', '-').replace('B', '_'),
  ),
  raw('percent-encoded', 'sso.inputEncoding', (scene) => encodeURIComponent(scene.field())),
  raw(
    'two responses joined',
    'sso.inputEncoding',
    (scene) =>
      `${Buffer.from(`${scene.xml()} `.padEnd(9000 + ((3 - (9000 % 3)) % 3) + 1, ' ')).toString('base64')}${scene.field()}`,
  ),
  raw('padding in the middle', 'sso.inputEncoding', (scene) =>
    scene
      .field()
      .replaceAll('\n', '')
      .replace(/^(.{8})/, '$1=='),
  ),
  raw('too much padding', 'sso.inputEncoding', (scene) => `${scene.field().replaceAll('\n', '')}====`),
  raw('missing padding', 'sso.inputEncoding', (scene) =>
    Buffer.from(scene.xml() + ' '.repeat((4 - (Buffer.byteLength(scene.xml()) % 3)) % 3 || 1))
      .toString('base64')
      .replace(/=+$/, '')
      .replace(/^(.*)$/, '$1')
      .concat('A'.repeat(0))
      .slice(0, -1),
  ),
  raw('bits behind the end', 'sso.inputEncoding', (scene) => {
    const text = Buffer.from(
      scene.xml().concat(' '.repeat((3 - (Buffer.byteLength(scene.xml()) % 3)) % 3), ' '),
    ).toString('base64');
    return text.replace(/(.)==$/, (_all, last: string) => `${String.fromCharCode(last.charCodeAt(0) + 1)}==`);
  }),
  raw('other characters between', 'sso.inputEncoding', (scene) => scene.field().replaceAll('\n', '!')),
  raw('non-breaking blanks between', 'sso.inputEncoding', (scene) =>
    scene.field().replaceAll('\n', '\u00a0'),
  ),
  raw('NUL at the end', 'sso.inputEncoding', (scene) => `${scene.field()}\0`),
  raw('data URL', 'sso.inputEncoding', (scene) => `data:text/xml;base64,${scene.field()}`),
];

const charsets: HostileCase[] = [
  raw('byte that is not UTF-8', 'sso.inputEncoding', (scene) =>
    bytes(scene, (buffer) => Buffer.from(buffer.toString('latin1').replace('Acme', 'Acm\u00e9'), 'latin1')),
  ),
  raw('overlong encoding', 'sso.inputEncoding', (scene) =>
    bytes(scene, (buffer) => Buffer.concat([buffer, Buffer.from([0xc0, 0xbc])])),
  ),
  raw('surrogate in UTF-8', 'sso.inputEncoding', (scene) =>
    bytes(scene, (buffer) => Buffer.concat([buffer, Buffer.from([0xed, 0xa0, 0x80])])),
  ),
  raw('cut in the middle of a character', 'sso.inputEncoding', (scene) =>
    bytes(scene, (buffer) => Buffer.concat([buffer, Buffer.from([0xe2, 0x82])])),
  ),
  raw('replacement character', 'sso.inputEncoding', (scene) =>
    scene.field({ attributes: { ...scene.spec().attributes, name: 'J\ufffd' } }),
  ),
  raw('UTF-16', 'sso.inputEncoding', (scene) =>
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(scene.xml(), 'utf16le')]).toString('base64'),
  ),
  raw('UTF-16 without a mark', 'sso.xmlMalformed', (scene) =>
    Buffer.from(scene.xml(), 'utf16le').toString('base64'),
  ),
  raw('deflated, as in the redirect binding', 'sso.inputEncoding', (scene) =>
    deflateRawSync(scene.xml()).toString('base64'),
  ),
  raw('gzip', 'sso.inputEncoding', (scene) => gzipSync(scene.xml()).toString('base64')),
  raw('deflate bomb', 'sso.inputEncoding', () =>
    deflateRawSync(Buffer.alloc(20_000_000, '<a>')).toString('base64'),
  ),
  raw('base64 twice', 'sso.xmlMalformed', (scene) => Buffer.from(scene.field()).toString('base64')),
];

export const encoding: HostileClass = { name: 'encoding', cases: [...types, ...base64, ...charsets] };
