// SQL servers for tests, on free ports and in temporary folders. None of them runs as root, so that under root they run
// as the users that their Debian packages made.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** The drivers and ORMs of test/sql are not the root's: it is installed, or the suites are skipped. */
export const sqlTestsInstalled = existsSync(
  join(import.meta.dirname, '..', 'sql', 'node_modules', '.package-lock.json'),
);

/** @returns {string | null} the path of a program, also of those that Debian keeps out of PATH. */
function programPath(name) {
  const versions = '/usr/lib/postgresql';
  const postgres = existsSync(versions)
    ? readdirSync(versions)
        .sort((one, other) => Number(other) - Number(one))
        .map((version) => join(versions, version, 'bin'))
    : [];
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', ...postgres];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** Which servers can be started here; the others with the reason. */
export function sqlServers() {
  const needs = {
    postgres: ['initdb', 'postgres', 'pg_isready'],
    mariadb: ['mariadb-install-db', 'mariadbd', 'mariadb-admin'],
    pgbouncer: ['pgbouncer'],
  };
  const packages = { postgres: 'postgresql', mariadb: 'mariadb-server', pgbouncer: 'pgbouncer' };
  return Object.fromEntries(
    Object.entries(needs).map(([server, programs]) => {
      const missing = programs.filter((program) => !programPath(program));
      const reason = missing.length ? `${missing[0]} is missing (Debian package: ${packages[server]})` : null;
      return [server, reason];
    }),
  );
}

function accountOf(name) {
  if (process.getuid?.() !== 0) return {};
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`));
  if (!line) throw new Error(`There is no user ${name} to run the server as.`);
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

function folderFor(account) {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-maestrano-sql-'));
  chmodSync(folder, 0o755);
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid);
  return folder;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** Runs a program to its end. */
async function run(name, parameters, account = {}) {
  const child = spawn(programPath(name), parameters, {
    ...account,
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = [];
  child.stdout.on('data', (data) => output.push(data));
  child.stderr.on('data', (data) => output.push(data));
  const [status] = await once(child, 'close');
  if (status !== 0)
    throw new Error(`${name} ended with ${status}: ${Buffer.concat(output).toString().slice(-2000)}`);
}

async function ready(check, what) {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    try {
      await check();
      return;
    } catch {
      await pause(50);
    }
  }
  throw new Error(`${what} did not accept connections`);
}

/** A program that runs until it is stopped, and can be started again. */
function service(name, parameters, { account, folder, signal, check, env = process.env }) {
  let child = null;
  const start = async () => {
    const begun = spawn(programPath(name), parameters, { ...account, cwd: folder, env, stdio: 'ignore' });
    child = begun;
    await ready(check, name);
  };
  const kill = async (how) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(how);
    await exited;
  };
  return {
    start,
    /** Ends it as a crash does, and starts it again. */
    crash: async (how) => {
      await kill(how);
      await start();
    },
    stop: async () => {
      await kill(signal);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @returns {string | null} the library that moves a program's clock, of the Debian package faketime. */
export function clockLibrary() {
  const folder = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime`;
  const library = join(folder, 'libfaketime.so.1');
  return existsSync(library) ? library : null;
}

/**
 * A PostgreSQL that trusts everybody on this machine; `durable` for tests that crash it, `clock` for one whose clock is
 * off, such as `-5m`.
 */
export async function startPostgres({ durable = false, port, clock } = {}) {
  const account = accountOf('postgres');
  const folder = folderFor(account);
  const used = port ?? (await freePort());
  const data = join(folder, 'data');
  await run(
    'initdb',
    ['-D', data, '-U', 'vendor', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    account,
  );
  const settings = [
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'max_connections=200',
    ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ];
  const server = service(
    'postgres',
    ['-D', data, '-p', `${used}`, ...settings.flatMap((one) => ['-c', one])],
    {
      account,
      folder,
      signal: 'SIGINT',
      check: () => run('pg_isready', ['-q', '-h', '127.0.0.1', '-p', `${used}`]),
      // Its own waits must not count by the clock that is off.
      ...(clock && {
        env: {
          ...process.env,
          LD_PRELOAD: clockLibrary(),
          FAKETIME: clock,
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
        },
      }),
    },
  );
  await server.start();
  return {
    url: `postgres://vendor@127.0.0.1:${used}/postgres`,
    port: used,
    crash: () => server.crash('SIGQUIT'),
    stop: server.stop,
  };
}

/** A MariaDB whose root has no password; `durable` for tests that crash it. */
export async function startMariadb({ durable = false, port } = {}) {
  const account = accountOf('mysql');
  const folder = folderFor(account);
  const used = port ?? (await freePort());
  const data = join(folder, 'data');
  const asUser = account.uid === undefined ? [] : ['--user=mysql'];
  await run('mariadb-install-db', [
    '--no-defaults',
    ...asUser,
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ]);
  const settings = [
    '--no-defaults',
    ...asUser,
    `--datadir=${data}`,
    `--port=${used}`,
    '--bind-address=127.0.0.1',
    `--socket=${join(folder, 's.sock')}`,
    `--pid-file=${join(folder, 'pid')}`,
    '--max-connections=200',
    ...(durable ? ['--innodb-flush-log-at-trx-commit=1'] : ['--innodb-flush-log-at-trx-commit=0']),
  ];
  const server = service('mariadbd', settings, {
    account: {},
    folder,
    signal: 'SIGTERM',
    check: () =>
      run('mariadb-admin', ['--no-defaults', '-h', '127.0.0.1', '-P', `${used}`, '-u', 'root', 'ping']),
  });
  await server.start();
  return {
    url: `mysql://root@127.0.0.1:${used}/mysql`,
    port: used,
    crash: () => server.crash('SIGKILL'),
    stop: server.stop,
  };
}

/** A PgBouncer in transaction mode before a PostgreSQL. */
export async function startPgbouncer({ postgresPort, port }) {
  const account = accountOf('postgres');
  const folder = folderFor(account);
  const used = port ?? (await freePort());
  const [settings, users] = [join(folder, 'p.ini'), join(folder, 'users.txt')];
  writeFileSync(users, '"vendor" ""\n');
  writeFileSync(
    settings,
    [
      '[databases]',
      `* = host=127.0.0.1 port=${postgresPort} user=vendor`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${used}`,
      'unix_socket_dir =',
      'auth_type = any',
      `auth_file = ${users}`,
      'pool_mode = transaction',
      'default_pool_size = 4',
      'max_client_conn = 200',
      '',
    ].join('\n'),
  );
  const server = service('pgbouncer', ['-q', settings], {
    account,
    folder,
    signal: 'SIGINT',
    check: () => run('pg_isready', ['-q', '-h', '127.0.0.1', '-p', `${used}`]),
  });
  await server.start();
  return { url: `postgres://vendor@127.0.0.1:${used}/postgres`, port: used, stop: server.stop };
}

/**
 * Starts what is installed, without waiting: tests know the ports at once and wait for what they need (see
 * test/sql/support). Resolves to a function that stops all of it.
 */
export async function startSqlServers() {
  const missing = sqlServers();
  const [postgresPort, mariadbPort, pgbouncerPort] = [await freePort(), await freePort(), await freePort()];
  const starting = [];
  if (!missing.postgres) {
    process.env.TEST_POSTGRES_URL = `postgres://vendor@127.0.0.1:${postgresPort}/postgres`;
    starting.push(startPostgres({ port: postgresPort }));
    if (!missing.pgbouncer) {
      process.env.TEST_PGBOUNCER_URL = `postgres://vendor@127.0.0.1:${pgbouncerPort}/postgres`;
      starting.push(startPgbouncer({ postgresPort, port: pgbouncerPort }));
    }
  }
  if (!missing.mariadb) {
    process.env.TEST_MARIADB_URL = `mysql://root@127.0.0.1:${mariadbPort}/mysql`;
    starting.push(startMariadb({ port: mariadbPort }));
  }
  for (const [server, reason] of Object.entries(missing)) {
    if (reason) console.warn(`\nSkipping the suites on ${server}: ${reason}.`);
  }
  const started = Promise.allSettled(starting);
  return async () => {
    for (const outcome of (await started).reverse()) {
      if (outcome.status === 'fulfilled') await outcome.value.stop();
      else console.warn(outcome.reason);
    }
  };
}
