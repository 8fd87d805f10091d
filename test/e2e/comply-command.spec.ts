import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { COMPLIANCE_SCENARIOS } from '../../src/testing/index.js';
import { canary } from '../support/canary/canary.js';
import { type CommandOutcome, commandLine } from '../support/command-line.js';
import { freePort } from '../support/free-port.mjs';

/** Listens where it is told, takes nobody in, and ends after so many requests. */
const stranger = (requests: number): string => `
  let left = ${requests};
  require('node:http')
    .createServer((request, response) => {
      response.writeHead(404).end();
      if (--left === 0) process.exit(3);
    })
    .listen(process.env.PORT, '127.0.0.1');
`;

describe('nestjs-maestrano comply', () => {
  let cwd: string;
  beforeAll(() => {
    cwd = mkdtempSync(join(tmpdir(), 'comply-'));
    writeFileSync(join(cwd, 'stranger.cjs'), stranger(Infinity));
    writeFileSync(join(cwd, 'mortal.cjs'), stranger(20));
  });
  afterAll(() => rmSync(cwd, { recursive: true }));

  const comply = (...argv: string[]): Promise<CommandOutcome> => commandLine(['comply', ...argv], { cwd });

  it('lists the scenarios, and starts nothing', async () => {
    const { code, out, err } = await comply('--list');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ', 1)[0]),
    ).toEqual(COMPLIANCE_SCENARIOS.map(({ id }) => id));
    const listed = JSON.parse((await comply('--list', '--json', '--only', 'webhook-group')).out) as object;
    expect(listed).toEqual([{ id: 'webhook-group', area: 'webhook', title: expect.any(String) }]);
  });

  it('rejects an id that no scenario has before anything starts', async () => {
    const begun = performance.now();
    expect(await comply('--only', 'login-agian,webhook-group', '--', 'node', 'stranger.cjs')).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/^There is no scenario "login-agian"\. Did you mean login-again\? .*--list/),
    });
    expect(await comply('--list', '--only', 'constructor')).toMatchObject({ code: 2, out: '' });
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it('takes free ports, starts the application, lists what fails before the numbers, and writes the checklist', async () => {
    const only = ['--only', 'metadata,metadata-wrong-credentials'];
    const command = ['--', process.execPath, 'stranger.cjs'];
    const { code, out, err } = await comply('--junit', 'report.xml', ...only, ...command);
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(out).toMatch(
      /^✗ [^\n]+ \(metadata\)\n[\s\S]+\nFailed\n\n✗ [^\n]+\n {4}\S[^\n]+\n {4}→ [\s\S]+ failed, 0 skipped\n$/,
    );
    expect(readFileSync(join(cwd, 'report.xml'), 'utf8')).toContain('name="metadata"');
    const report = JSON.parse((await comply('--json', ...only, ...command)).out) as { failed: number };
    expect(report).toMatchObject({ results: expect.any(Array), failed: expect.any(Number) });
    const unwritable = await comply('--junit', 'no/such/folder.xml', ...only, ...command);
    expect(unwritable).toMatchObject({ code: 1, err: expect.stringContaining('cannot be written (ENOENT)') });
  }, 60_000);

  it.each([
    ['ends at once', ['-e', 'process.exit(3)'], 'ended with code 3'],
    ['ends on the way', ['mortal.cjs'], 'ended with code 3'],
    ['is ended', ['-e', 'process.kill(process.pid, "SIGKILL")'], 'ended with SIGKILL'],
  ])(
    'notices that the application %s',
    async (_how, argv, says) => {
      const begun = performance.now();
      const outcome = await comply('--wait', '600', '--', process.execPath, ...argv);
      expect(outcome.code).toBe(1);
      expect(outcome.err).toMatch(
        new RegExp(`^The application ${says}\\. [^\\n]+ \\[cli\\.application\\]\\n$`),
      );
      expect(performance.now() - begun).toBeLessThan(60_000);
    },
    90_000,
  );

  it('says that a program is not there', async () => {
    expect(await comply('--', './no-such-program')).toMatchObject({
      code: 1,
      err: expect.stringContaining('The application cannot be started (ENOENT).'),
    });
  });

  it('says that nobody responds, and that somebody else does', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, err } = await comply('--url', url, '--wait', '1');
    expect(code).toBe(1);
    // The variables, for whoever starts the application; the report is alone on standard output.
    expect(err).toMatch(/MNO_DEVPL_HOST=http:\/\/127\.0\.0\.1:\d+\n/);
    expect(err).toContain(`Nothing responded at ${url} within 1 s.`);
    // Those are keys of the sandbox, which the command is there to tell.
    expect(canary().takeHits().join('\n')).toMatch(
      /^(?:the command line shows a secret [^\n]*MNO_DEVPL_[^\n]*\n?)+$/,
    );

    const { createServer } = await import('node:http');
    const server = createServer((_request, response) => void response.end());
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as { port: number };
    try {
      const taken = await comply('--url', `http://127.0.0.1:${port}`, '--', process.execPath, 'stranger.cjs');
      expect(taken).toMatchObject({
        code: 1,
        err: expect.stringContaining('before the application is started'),
      });
    } finally {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  }, 30_000);
});
