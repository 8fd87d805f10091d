// Makes the clients of the three databases. Prisma's command line wants an engine for migrations, which it downloads and
// which nothing here uses: any program does in its place.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

for (const schema of ['postgresql', 'mysql', 'sqlite']) {
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      join(import.meta.dirname, '../node_modules/prisma/build/index.js'),
      'generate',
      '--schema',
      join(import.meta.dirname, `${schema}.prisma`),
    ],
    {
      cwd: join(import.meta.dirname, '..'),
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
      encoding: 'utf8',
    },
  );
  if (status !== 0) throw new Error(`prisma generate ended with ${status}: ${stderr}`);
}
