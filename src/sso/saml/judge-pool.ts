import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { Logger } from '@nestjs/common';
import type { Piscina } from 'piscina';

import { ConfigurationError } from '../../errors/configuration.error.js';
import type { SsoWorkerOptions } from '../../interfaces/sso-options.interface.js';
import { packageFolders } from '../../utils/package-folder.js';
import type { AssertionFacts } from './assertion-checks.js';
import { CheckFailed, type CheckList } from './check-list.js';
import type { WorkerVerdict } from './judge.worker.js';
import type { JudgeTask } from './response-judge.js';

/** A thread that nobody needs for this long ends. */
const IDLE_MS = 60_000;

/**
 * Judges responses on worker threads (performance: one takes the event loop some 8 ms). Threads start with the first
 * login; nothing of it is loaded where `sso.workers` is not set.
 */
export class JudgePool {
  readonly #logger = new Logger('MaestranoSso');
  #pool: Promise<Piscina<JudgeTask, WorkerVerdict>> | undefined;

  constructor(private readonly options: SsoWorkerOptions) {}

  /**
   * The same as judging here.
   *
   * @throws {@link CheckFailed} with the code of the first failing check.
   */
  async judge(task: JudgeTask, checks: CheckList): Promise<AssertionFacts> {
    const { certificates, fingerprints, sloEnabled } = task.sso;
    const pool = await this.start();
    const verdict = await pool.run({ ...task, sso: { certificates, fingerprints, sloEnabled } });
    checks.adopt(verdict.checks);
    if (verdict.facts === null) throw new CheckFailed(verdict.refusal ?? 'sso.engine');
    return verdict.facts;
  }

  /** @throws ConfigurationError when the piscina package is not installed. */
  start(): Promise<Piscina<JudgeTask, WorkerVerdict>> {
    this.#pool ??= this.#create();
    return this.#pool;
  }

  /** Lets what is running end, then ends the threads. */
  async close(): Promise<void> {
    const pool = await this.#pool?.catch(() => undefined);
    await pool?.close();
  }

  async #create(): Promise<Piscina<JudgeTask, WorkerVerdict>> {
    const { Piscina: Pool } = await import('piscina').catch((cause: unknown) => {
      throw new ConfigurationError('sso.workers is set, but the package piscina cannot be loaded.', {
        code: 'configuration.options',
        remedy: 'Run "npm install piscina", or remove sso.workers.',
        cause,
      });
    });
    const pool = new Pool<JudgeTask, WorkerVerdict>({
      filename: workerFile(),
      minThreads: 0,
      maxThreads: this.options.max,
      idleTimeout: IDLE_MS,
    });
    // A thread that dies outside a task must not take the application with it; its task is refused by itself.
    pool.on('error', (error: Error) => this.#logger.error(`A worker thread failed: ${error.message}`));
    return pool;
  }
}

/** The file of the worker inside this package. */
function workerFile(): string {
  for (const folder of packageFolders()) {
    const file = join(folder, 'dist', 'sso', 'saml', 'judge.worker.js');
    if (existsSync(file)) return file;
  }
  throw new ConfigurationError('sso.workers is set, but the file of the worker was not found.', {
    code: 'configuration.options',
    remedy: 'Start the application from the folder that nestjs-maestrano is installed in.',
  });
}
