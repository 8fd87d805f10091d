import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Finding } from '../../src/cli/doctor/finding.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js';
import { commandLine } from '../support/command-line.js';

describe('doctor --connec', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await startSandbox();
  });
  afterEach(() => sandbox.close());

  async function probe(
    company: string,
  ): Promise<{ readonly code: number; readonly err: string; readonly findings: Finding[] }> {
    const { host, apiPath, apiKey, apiSecret } = sandbox.developerPlatform;
    const env = {
      MNO_DEVPL_HOST: host,
      MNO_DEVPL_API_PATH: apiPath,
      MNO_DEVPL_ENV_KEY: apiKey,
      MNO_DEVPL_ENV_SECRET: apiSecret,
    };
    const { code, out, err } = await commandLine(['doctor', '--connec', company, '--json'], { env });
    return { code, err, findings: out === '' ? [] : (JSON.parse(out) as Finding[]) };
  }
  const said = (findings: readonly Finding[]): readonly string[] =>
    findings.map(({ level, message }) => `${level}: ${message.replace(/person \S+ of/, 'person of')}`);

  it('finds a Connec! as the synchronization assumes it, and leaves one archived person', async () => {
    const before = sandbox.connec.list('people', { group: 'cld-1' }).length;
    const { code, findings } = await probe('maestrano-uat/cld-1');
    expect(said(findings)).toEqual([
      'ok: a POST with a known external id changes its record',
      'ok: changes are listed by updated_at, oldest first',
      'ok: a write that changes nothing moves updated_at; such records are read once more',
      'ok: a part of an object replaces all of it; the rest is sent along',
      'ok: external ids are added to those that are known',
      'ok: a text of 5000 characters is kept as it is',
      'ok: a batch of 50 operations is taken',
      'ok: the person of these probes is archived (INACTIVE): Connec! deletes nothing',
    ]);
    expect(code).toBe(0);
    const people = sandbox.connec.list('people', { group: 'cld-1' });
    expect(people).toHaveLength(before + 1);
    expect(people.at(-1)).toMatchObject({ status: 'INACTIVE' });
  });

  it('finds what is otherwise, and says what to do about it', async () => {
    sandbox.connec.manner = {
      upsert: false,
      unchangedMoves: false,
      partialObjects: 'merge',
      newIds: 'replace',
      maxLength: 255,
      maxBatch: 25,
    };
    const { code, findings } = await probe('maestrano-uat/cld-1');
    expect(said(findings)).toEqual([
      'error: a POST with a known external id does not change its record',
      'ok: changes are listed by updated_at, oldest first',
      'ok: a write that changes nothing leaves updated_at',
      'ok: a part of an object leaves the rest of it',
      'ok: an external id takes the place of the one before',
      'warning: a text of 5000 characters comes back with 255',
      'warning: a batch of more than 25 operations is rejected',
      'ok: the person of these probes is archived (INACTIVE): Connec! deletes nothing',
    ]);
    expect(code).toBe(1);
    expect(findings.filter(({ level }) => level !== 'ok').every(({ remedy }) => remedy !== '')).toBe(true);
  });

  it('asks which company is meant, and breaks off where there is none', async () => {
    expect(await probe('cld-1')).toMatchObject({
      code: 2,
      err: expect.stringContaining("Which marketplace's cld-1?"),
    });
    expect(await probe('elsewhere/cld-1')).toMatchObject({ code: 2 });
    const { code, findings } = await probe('bluebank/cld-nobody');
    expect(code).toBe(1);
    expect(said(findings)).toEqual(['error: no person can be made for cld-nobody']);
  });
});
