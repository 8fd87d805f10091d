import { setTimeout as pause } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { sendRequest } from '../../../src/sandbox/http/send-request.js';
import { startSandbox, type Sandbox } from '../../../src/sandbox/index.js';

type Json = Record<string, unknown>;

const BASE = '/connec/api/v2/cld-1';
const mine = (id: string): Json => ({ id, provider: 'mine', realm: 'main' });

describe('how the sandbox’s Connec! can be difficult', () => {
  let sandbox: Sandbox;

  beforeEach(async () => {
    sandbox = await startSandbox({ seed: 7 });
    sandbox.clock.freeze('2026-03-01T10:00:00Z');
  });
  afterEach(() => sandbox.close());

  async function call(method: string, path: string, body?: unknown): Promise<{ status: number; json: Json }> {
    const { id, key } = sandbox.options.marketplaces[0]!.api;
    const response = await sendRequest({
      method,
      url: sandbox.url + path,
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${key}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, json: JSON.parse(response.body || '{}') as Json };
  }
  const people = async (): Promise<Json[]> =>
    (await call('GET', `${BASE}/people?$filter=last_name eq 'Ironwood'`)).json['people'] as Json[];
  const first = async (): Promise<unknown[]> => (await people()).map((one) => one['first_name']);
  const post = async (values: Json): Promise<Json> =>
    (await call('POST', `${BASE}/people`, { people: { last_name: 'Ironwood', ...values } })).json[
      'people'
    ] as Json;
  const put = (id: unknown, people: Json): Promise<{ status: number; json: Json }> =>
    call('PUT', `${BASE}/people/${String(id)}`, { people });

  it('hides changes from lists for a while, and shows them with the stamp of when they were made', async () => {
    const before = await post({ first_name: 'Old' });
    sandbox.connec.manner = { hideFor: '60s' };
    await put(before['id'], { first_name: 'New' });
    await post({ first_name: 'Second' });
    expect(await first()).toEqual(['Old']);
    expect((await call('GET', `${BASE}/people/${String(before['id'])}`)).json['people']).toMatchObject({
      first_name: 'New',
    });
    sandbox.clock.advance('30s');
    await put(before['id'], { first_name: 'Newer' });
    sandbox.clock.advance('31s');
    expect(await first()).toEqual(['New', 'Second']);
    sandbox.clock.advance('30s');
    expect(await first()).toEqual(['Newer', 'Second']);
    expect((await people()).map((one) => one['updated_at'])).toEqual([
      '2026-03-01T10:00:30Z',
      '2026-03-01T10:00:00Z',
    ]);
  });

  it('hides changes from whoever asks by id, if told so', async () => {
    sandbox.connec.manner = { hideFor: '60s', hideIn: 'everywhere' };
    const { id } = await post({ first_name: 'New' });
    expect((await call('GET', `${BASE}/people/${String(id)}`)).status).toBe(404);
    sandbox.clock.advance('61s');
    expect((await call('GET', `${BASE}/people/${String(id)}`)).status).toBe(200);
  });

  it('stamps everything with one second, and takes that back', async () => {
    sandbox.clock.unfreeze();
    sandbox.connec.manner = { sameSecond: true };
    const { updated_at: stamp } = await post({ first_name: 'A' });
    sandbox.clock.advance('1h');
    expect((await post({ first_name: 'B' }))['updated_at']).toBe(stamp);
    sandbox.connec.manner = {};
    expect((await post({ first_name: 'C' }))['updated_at']).not.toBe(stamp);
  });

  it('evens out and cuts what it is given, but no ids', async () => {
    sandbox.connec.manner = { normalise: true, maxLength: 5 };
    const long = 'organisation-with-a-long-id';
    const record = await post({
      first_name: '  A   B ',
      title: '   ',
      notes: 'a longer note',
      credit: 1.239,
      id: [mine('a-rather-long-id')],
      organization_id: long,
    });
    expect(record).toMatchObject({ first_name: 'A B', title: null, notes: 'a lon', credit: 1.24 });
    expect(record['organization_id']).toBe(long);
    sandbox.connec.manner = { normalise: (value, name) => (name === 'credit' ? 7 : value) };
    expect(await post({ credit: 1, notes: '  kept ' })).toMatchObject({ credit: 7, notes: '  kept ' });
  });

  it('rejects a batch that is too long as a whole', async () => {
    sandbox.connec.manner = { maxBatch: 2 };
    const operation = {
      method: 'post',
      url: `${BASE}/people`,
      params: { people: { last_name: 'Ironwood' } },
    };
    expect(await call('POST', '/batch', { ops: [operation, operation, operation] })).toMatchObject({
      status: 400,
      json: { errors: [{ code: 'too-many-operations' }] },
    });
    expect(await people()).toEqual([]);
    expect((await call('POST', '/batch', { ops: [operation, operation] })).status).toBe(200);
  });

  it('merges parts of objects, leaves stamps, replaces ids, makes doubles: each where asked for', async () => {
    const { id } = await post({ email: { address: 'a@x.test', address2: 'b@x.test' }, id: [mine('1')] });
    expect((await put(id, { email: { address: 'c@x.test' } })).json['people']).toMatchObject({
      email: { address: 'c@x.test' },
    });
    sandbox.connec.manner = {
      partialObjects: 'merge',
      unchangedMoves: false,
      newIds: 'replace',
      upsert: false,
    };
    const merged = (await put(id, { email: { address2: 'd@x.test' } })).json['people'] as Json;
    expect(merged['email']).toEqual({ address: 'c@x.test', address2: 'd@x.test' });
    sandbox.clock.advance('1h');
    const same = (await put(id, { email: { address: 'c@x.test' } })).json['people'] as Json;
    expect(same['updated_at']).toBe(merged['updated_at']);
    await put(id, { id: [mine('2')] });
    const [record] = sandbox.state.connec
      .list(sandbox.marketplaces.list()[0]!.name, 'cld-1', 'people')
      .slice(-1);
    expect(record?.externalIds).toEqual([mine('2')]);
    await post({ first_name: 'Double', id: [mine('2')] });
    expect(await people()).toHaveLength(2);
  });

  it('lets somebody be faster than the response to a write', async () => {
    const { id } = await post({ first_name: 'A' });
    sandbox.connec.intervene('people', { first_name: 'Z' });
    expect((await put(id, { first_name: 'B' })).json['people']).toMatchObject({ first_name: 'Z' });
    expect((await put(id, { first_name: 'C' })).json['people']).toMatchObject({ first_name: 'C' });
  });

  it('merges duplicates, and puts a backup back', async () => {
    const one = await post({ first_name: 'One', id: [mine('1')] });
    const two = await post({ first_name: 'Two', id: [mine('2')] });
    const backup = sandbox.connec.backup();
    sandbox.connec.merge('people', String(one['id']), [String(two['id'])]);
    expect(await first()).toEqual(['One']);
    expect((await post({ first_name: 'Changed', id: [mine('2')] }))['id']).toBe(one['id']);
    sandbox.connec.restoreBackup(backup);
    expect(await first()).toEqual(['One', 'Two']);
    expect((await post({ first_name: 'Deux', id: [mine('2')] }))['id']).toBe(two['id']);
    sandbox.connec.restoreBackup(backup);
    expect(await first()).toEqual(['One', 'Two']);
  });

  it('does late work when the clock has come so far, and none that a reset took back', async () => {
    sandbox.faults.next('POST connec/people', { applyLate: '5m' });
    await expect(post({ first_name: 'Late' })).rejects.toThrow();
    expect(await first()).toEqual([]);
    sandbox.clock.advance('6m');
    for (let tries = 0; tries < 100 && (await people()).length === 0; tries += 1) await pause(20);
    expect(await first()).toEqual(['Late']);
    sandbox.faults.next('POST connec/people', { applyLate: '5m' });
    await expect(post({ first_name: 'Never' })).rejects.toThrow();
    await sandbox.reset();
    sandbox.clock.advance('6m');
    await pause(50);
    expect(await first()).toEqual([]);
  });

  it('is as usual after a reset, and refuses what is no span of time', async () => {
    expect(() => (sandbox.connec.manner = { hideFor: 'soon' })).toThrow(
      expect.objectContaining({ code: 'sandbox.duration' }),
    );
    sandbox.connec.manner = { maxBatch: 1 };
    await sandbox.reset();
    expect(sandbox.connec.manner).toEqual({});
  });
});
