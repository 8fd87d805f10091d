// npm run sample:sync
import Database from 'better-sqlite3';

import { walk } from '../dist/05-sync/src/walk.js';

const database = new Database(':memory:');
try {
  await walk(database, console.log);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  database.close();
}
