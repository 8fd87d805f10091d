import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';

import { describe, expect, it } from '@jest/globals';

import { readJsonBody } from '../../../src/routing/early/json-body.js';

/** What the callback is given: the body, or status and text of the error. */
function read(payload: PassThrough, limit = 1_000): Promise<unknown> {
  return new Promise((resolve, reject) => {
    readJsonBody(payload, limit, (error, body) => (error ? reject(error) : resolve(body)));
  });
}

function sent(...pieces: (string | Buffer)[]): PassThrough {
  const payload = new PassThrough();
  for (const piece of pieces) payload.write(piece);
  return payload.end();
}

describe('a JSON body', () => {
  it('is what its pieces say together; nothing at all is none', async () => {
    expect(await read(sent('{"name":', '"Zoë"}'))).toEqual({ name: 'Zoë' });
    expect(await read(sent())).toBeUndefined();
  });

  it('is read right wherever its bytes are cut, with and without a byte order mark', async () => {
    for (const text of ['{"name":"Zoë €"}', '\u{feff}{"name":"Zoë €"}']) {
      const bytes = [...Buffer.from(text)].map((byte) => Buffer.from([byte]));
      expect(await read(sent(...bytes))).toEqual({ name: 'Zoë €' });
    }
  });

  it('does not let a letter that was never finished swallow what follows', async () => {
    const pieces = [Buffer.from('"Zo'), Buffer.from([0xc3]), Buffer.from('e"')];
    expect(await read(sent(...pieces))).toBe('Zo\u{fffd}e');
  });

  it('is put together right at any length, beside others that come at the same time', async () => {
    const lengths = [200_000, 262_144, 262_145, 600_000, 150];
    const bodies = lengths.map((length, index) => `"${'abëc€'[index]!.repeat(length)}"`);
    const payloads = bodies.map(() => new PassThrough());
    const readings = payloads.map((payload) => read(payload, 10_000_000));
    const bytes = bodies.map((body) => Buffer.from(body));
    for (let at = 0; bytes.some(({ length }) => at < length); at += 65_536) {
      for (const [index, payload] of payloads.entries())
        payload.write(bytes[index]!.subarray(at, at + 65_536));
    }
    for (const payload of payloads) payload.end();
    expect(await Promise.all(readings)).toEqual(bodies.map((body): unknown => JSON.parse(body)));
  });

  it('may be as long as its limit in bytes, which letters may exceed', async () => {
    expect(await read(sent('"ëë"'), 6)).toBe('ëë');
    await expect(read(sent('"ëë"'), 5)).rejects.toMatchObject({ status: 413 });
  });

  it('is answered for once, and read to its end, whatever still comes', async () => {
    const payload = new PassThrough();
    const answers: unknown[] = [];
    readJsonBody(payload, 5, (error, body) => answers.push(error ?? body));
    for (const piece of ['[1,2', ',3,4', ',5,6', ']']) payload.write(piece);
    await finished(payload.end(), { writable: false });
    payload.emit('error', new Error('aborted'));
    expect(answers).toEqual([expect.objectContaining({ status: 413 })]);
  });

  it('is refused without repeating it when it is no JSON', async () => {
    const refusal = await read(sent('{"secret": "s3cr3t"')).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ status: 400, message: 'The request body is not valid JSON' });
  });

  it('is refused when it is cut off', async () => {
    const payload = new PassThrough();
    payload.write('{}');
    const reading = read(payload);
    payload.destroy(new Error('aborted'));
    await expect(reading).rejects.toMatchObject({ status: 400, message: 'The request body was cut off' });
  });
});
