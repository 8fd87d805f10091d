import { setPriority } from 'node:os';

import { worker } from 'workerpool';

import { judgeTask } from './judge-task.js';

/** Between "below normal" and "low", which would get next to nothing on a busy machine. */
const PRIORITY = 15;

try {
  // Where both want the same core, the application's requests come first: at 10 they were still seen to wait.
  setPriority(PRIORITY);
} catch {
  // Not allowed, or already lower.
}
// Ctrl-C reaches the whole process group. The application ends this process, when its logins are through.
process.on('SIGINT', () => undefined);

// Node would print what was thrown, which may hold what is personal.
process.on('uncaughtException', () => process.exit(1));

worker({ judge: judgeTask });
