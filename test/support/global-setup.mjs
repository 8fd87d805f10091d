import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';

import { freePort } from './free-port.mjs';
import { sqlTestsInstalled, startSqlServers } from './sql-servers.mjs';

async function accepting(port) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => (socket.destroy(), resolve(true)));
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`redis-server did not accept connections on port ${port}`);
}

const TESTS = join(import.meta.dirname, '..');
const SQL_SUITES = join(TESTS, 'sql', sep);

/** Whether a run that is narrowed to some paths has a suite among them that uses a SQL server. */
function needsSqlServers(paths) {
  if (paths.length === 0) return true;
  const patterns = paths.map((path) => new RegExp(path.replace(/^\.\//, ''), 'i'));
  return readdirSync(TESTS, { recursive: true })
    .filter((name) => name.endsWith('.spec.ts') && !name.includes('node_modules'))
    .map((name) => join(TESTS, name))
    .some(
      (file) =>
        patterns.some((pattern) => pattern.test(file)) &&
        (file.startsWith(SQL_SUITES) || readFileSync(file, 'utf8').includes('TEST_POSTGRES_URL')),
    );
}

/** Starts the servers of the whole run. Suites find them by TEST_…_URL and use names of their own there. */
export default async function globalSetup({ nonFlagArgs }) {
  // Suites that need the package as npm would publish it share one (test/package/packed.ts).
  process.env.TEST_PACK_FOLDER = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-pack-'));
  if (!needsSqlServers(nonFlagArgs)) console.warn('\nNo SQL server is started: none of its suites uses one.');
  else if (sqlTestsInstalled) globalThis.__stopSqlServers = await startSqlServers();
  else console.warn('\nSkipping the SQL suites: test/sql is not installed (npm ci --prefix test/sql).');
  await startRedis();
}

async function startRedis() {
  const present = spawnSync('redis-server', ['--version']).status === 0;
  if (!present) {
    console.warn(
      '\nSkipping the Redis suites: redis-server is not installed (Debian package: redis-server).',
    );
    return;
  }
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-redis-'));
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir],
    { stdio: 'ignore' },
  );
  globalThis.__testRedis = { child, dir };
  await accepting(port);
  process.env.TEST_REDIS_URL = `redis://127.0.0.1:${port}`;
}
