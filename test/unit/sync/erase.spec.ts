import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { EngineBench } from '../../support/sync/engine-bench.js';

describe('a person who asks to be erased', () => {
  let bench: EngineBench;
  beforeEach(() => {
    bench = new EngineBench();
  });
  afterEach(() => bench.close());

  /** Two people on both sides, one of them with a history. */
  async function people() {
    const [leaving, staying] = ['Ysolde', 'Gwendal'].map((firstName) => bench.source.add({ firstName }));
    await bench.runs(2);
    bench.source.edit(leaving!.id, { lastName: 'Quarrington' });
    await bench.runs(2);
    const connec = bench.connec.by('first_name', 'Ysolde')!.id;
    return { app: String(leaving!.id), connec, staying: String(staying!.id) };
  }

  it('leaves nothing but digests, and does not come back', async () => {
    const { app, connec } = await people();
    const { key } = (await bench.linkOf({ app }))!;
    expect(await bench.store.history(bench.scope, 'people', key, 10)).not.toEqual([]);
    const receipt = await bench.operations.erase({ entity: 'people', app }, { connec: 'archive' });
    expect(receipt).toEqual({ entity: 'people', at: expect.any(Date), archived: true });
    expect(bench.connec.records.get(connec)!.record.status).toBe('ARCHIVED');

    const kept = JSON.stringify([await bench.links(), await bench.stream()]);
    for (const gone of [`"${app}"`, `"${connec}"`, key, 'Ysolde', 'Quarrington'])
      expect(kept).not.toContain(gone);
    expect(await bench.store.history(bench.scope, 'people', key, 10)).toEqual([]);

    const { writes } = bench;
    // The vendor has not erased its own yet; both sides change, are notified, and are listed again and again.
    bench.source.edit(Number(app), { lastName: 'Again' });
    bench.connec.edit(connec, { last_name: 'Again' });
    await bench.store.hint(bench.scope, [
      { entity: 'people', side: 'app', recordId: app, cause: 'touch' },
      { entity: 'people', side: 'connec', recordId: connec, cause: 'notification' },
    ]);
    for (let day = 0; day < 5; day += 1) await bench.run({ full: true }, 86_400);
    bench.source.rows.delete(Number(app));
    for (let day = 0; day < 5; day += 1) await bench.run({ full: true }, 86_400);
    expect(bench.writes).toBe(writes);
    expect(bench.connec.records.get(connec)!.record.last_name).toBe('Again');
    expect(await bench.linkOf({ connec })).toBeNull();
    expect((await bench.stream()).stopped).toBeNull();
  });

  it('leaves the record at Connec! as it is where that is wished, and others alone', async () => {
    const { app, connec, staying } = await people();
    const receipt = await bench.operations.erase({ entity: 'people', connec }, { connec: 'unlink' });
    expect(receipt.archived).toBe(false);
    expect(bench.connec.records.get(connec)!.record.status).toBe('ACTIVE');
    bench.source.edit(Number(staying), { lastName: 'Penhallow' });
    await bench.runs(3);
    expect(bench.connec.by('first_name', 'Gwendal')!.record.last_name).toBe('Penhallow');
    await expect(bench.operations.retry({ entity: 'people', app })).rejects.toMatchObject({
      code: 'sync.operation',
    });
  });

  it('is not erased where nobody knows whether Connec! archived the record', async () => {
    const { app } = await people();
    const { sides } = bench;
    const write = sides.connec.write.bind(sides.connec);
    sides.connec.write = async (...args) => {
      await write(...args);
      return [{ kind: 'unknown' }];
    };
    const erased = bench.operations.erase({ entity: 'people', app }, { connec: 'archive' });
    await expect(erased).rejects.toMatchObject({ code: 'sync.sideAway' });
    sides.connec.write = write;
    expect(await bench.linkOf({ app })).not.toBeNull();
    expect((await bench.operations.erase({ entity: 'people', app }, { connec: 'archive' })).archived).toBe(
      true,
    );
  });

  async function days(count: number): Promise<void> {
    for (let day = 0; day < count; day += 1) await bench.run({ full: true }, 86_400);
  }

  it('does not come back by a create of which nobody heard', async () => {
    bench.source.add({ firstName: 'Ysolde' });
    bench.connec.fault = () => 'applied, and nobody knows';
    await bench.run();
    bench.connec.fault = null;
    const ref = { entity: 'people', app: '1' };
    await expect(bench.operations.erase(ref, { connec: 'archive' })).rejects.toMatchObject({
      code: 'sync.sideAway',
    });
    await bench.operations.erase(ref, { connec: 'unlink' });
    bench.source.rows.delete(1);
    const [id] = bench.connec.records.keys();
    const hint = { entity: 'people', side: 'connec', recordId: id!, cause: 'notification' } as const;
    await bench.store.hint(bench.scope, [hint]);
    await days(3);
    expect(bench.names.app).toEqual([]);
    expect(JSON.stringify(await bench.links())).not.toContain(`"${id}"`);
  });

  it('does not come back by a record that Connec! merged it into', async () => {
    const { app, connec } = await people();
    const { id } = bench.connec.add({ first_name: 'Isolde', last_name: '', status: 'ACTIVE' });
    bench.connec.mergeInto(id, connec);
    await bench.operations.erase({ entity: 'people', app }, { connec: 'archive' });
    bench.source.rows.delete(Number(app));
    await days(3);
    expect(bench.names.app).toEqual(['Gwendal']);
  });

  it('is found by its id although the application deleted it before', async () => {
    const { app, connec } = await people();
    bench.source.rows.delete(Number(app));
    await bench.operations.deleted('people', app);
    await bench.runs(2);
    const receipt = await bench.operations.erase({ entity: 'people', app }, { connec: 'archive' });
    expect(receipt.archived).toBe(true);
    expect(JSON.stringify(await bench.links())).not.toContain(`"${connec}"`);
  });

  it('is not the other one who gets the id afterwards', async () => {
    const { app, connec } = await people();
    await bench.operations.erase({ entity: 'people', app }, { connec: 'archive' });
    bench.source.rows.delete(Number(app));
    await bench.run({}, 60);
    const other = bench.source.add({ firstName: 'Tamsin' });
    bench.source.rows.delete(other.id);
    bench.source.rows.set(Number(app), { ...other, id: Number(app) });
    await bench.runs(2);
    expect(bench.connec.by('first_name', 'Tamsin')).toMatchObject({ externalIds: [`${app}~2`] });
    expect(bench.connec.records.get(connec)!.record.first_name).toBe('Ysolde');
  });

  it('does not come back by an import, or by somebody who says that two are the same', async () => {
    const { app, connec } = await people();
    await bench.operations.erase({ entity: 'people', app }, { connec: 'unlink' });
    for (const pair of [
      { app, connec },
      { app: '99', connec },
      { app, connec: 'c99' },
    ]) {
      expect(await bench.operations.importLinks('people', [pair])).toMatchObject({ linked: 0, erased: 1 });
    }
    await expect(bench.operations.adopt('people', app, connec)).rejects.toThrow('was erased');
    expect(await bench.linkOf({ connec })).toBeNull();
  });
});
