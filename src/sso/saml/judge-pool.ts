import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Logger } from '@nestjs/common';
import type { Pool } from 'workerpool';

import { ConfigurationError } from '../../errors/configuration.error.js';
import type { SsoWorkerOptions } from '../../interfaces/sso-options.interface.js';
import { errorCode } from '../../utils/error-code.js';
import { packageFolders } from '../../utils/package-folder.js';
import { CheckFailed, type CheckList, type PackedCheck } from './check-list.js';
import type { WorkerTask, WorkerVerdict } from './judge-task.js';
import { likelyRequestId } from './likely-request-id.js';
import type { JudgeTask, OpenLogin, ReadResponse } from './response-judge.js';
import type { ResponseHead } from './response-structure.js';

/** Nobody waits longer for a page, whatever becomes of the processes. */
const PATIENCE_MS = 30_000;
/** Logins that wait for a process: each holds its response. */
const MAX_QUEUE = 1_000;
/** Between two turns of the event loop's share. An immediate would let requests in, but not give the core away. */
const REST_MS = 1;

/**
 * Reads and judges responses in processes of their own: one takes the event loop some 8 ms. Not in threads, whose
 * garbage is collected by helpers that all threads of a process share. They start with the first logins; nothing of
 * it is loaded where `sso.workers` is not set.
 */
export class JudgePool {
  readonly #logger = new Logger('MaestranoSso');
  readonly #running = new Set<Promise<unknown>>();
  #pool: Promise<Pool> | undefined;
  #closed = false;

  /** @param patienceMs how long a login is waited for, in milliseconds. */
  constructor(
    private readonly options: SsoWorkerOptions,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /**
   * The same as reading here, with the judging done ahead where the login can be told at a glance. Where no process
   * gets to the end it is read here, so that the person's login is known, and only the judging fails.
   *
   * @param openLogin the login of this id, if a response that names it is worth judging.
   * @throws {@link CheckFailed} with the code of the first failing check.
   */
  async read(
    task: JudgeTask,
    openLogin: (id: string) => Promise<OpenLogin | null>,
    checks: CheckList,
  ): Promise<ReadResponse> {
    const likelyId = likelyRequestId(task.samlResponse);
    const likely = likelyId === null ? null : await openLogin(likelyId);
    // What is left to do here is little, but not for who waits for all of it.
    await sleep(REST_MS);
    const ahead = await this.#run(task, likely);
    const head =
      typeof ahead === 'string' ? await readHere(task, checks) : adopt(ahead.early, ahead.head, checks);
    await sleep(REST_MS);
    return {
      ...head,
      judge: async (login, further) => {
        const made = typeof ahead === 'string' || login.id === likely?.id;
        const verdict = made ? ahead : await this.#run(task, login);
        await sleep(REST_MS);
        if (typeof verdict !== 'string') return adopt(verdict.late, verdict.facts, further);
        further.expect('sso.worker', false, 'a verdict', verdict);
        throw new CheckFailed('sso.worker');
      },
    };
  }

  /** @throws ConfigurationError when the workerpool package is not installed. */
  start(): Promise<Pool> {
    this.#pool ??= this.#create();
    return this.#pool;
  }

  /** Lets what is running end, then ends the processes. Later logins would start one that nobody ends. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#running);
    const pool = await this.#pool?.catch(() => undefined);
    await pool?.terminate();
  }

  async #run(task: JudgeTask, login: OpenLogin | null): Promise<WorkerVerdict | string> {
    const { certificates, fingerprints, sloEnabled } = task.sso;
    const own = login && { id: login.id, startedAt: login.startedAt };
    const sent: WorkerTask = { ...task, sso: { certificates, fingerprints, sloEnabled }, login: own };
    const running = this.#attempt(await this.start(), sent);
    this.#running.add(running);
    return running.finally(() => this.#running.delete(running));
  }

  /**
   * The verdict, or why there is none. Once more when a process dies: what is judged is not to blame in general, and
   * the second attempt makes the pool start a new one, which those who wait in the queue need as well.
   */
  async #attempt(pool: Pool, task: WorkerTask): Promise<WorkerVerdict | string> {
    if (this.#closed) return 'the application is stopping';
    if (pool.stats().pendingTasks >= MAX_QUEUE) return 'too many logins waiting for a process';
    const end = performance.now() + this.patienceMs;
    for (let deaths = 0; deaths < 2;) {
      const verdict = pool.exec('judge', [task]);
      const timer = setTimeout(() => void verdict.cancel(), end - performance.now());
      try {
        return (await verdict) as WorkerVerdict;
      } catch (error) {
        this.#report(error);
        // One that died while it had nothing to do is only found out about now, and is gone with that.
        if (!isLongDead(error)) deaths += 1;
      } finally {
        clearTimeout(timer);
      }
      if (performance.now() >= end) return 'no process in time';
    }
    return 'two processes that died';
  }

  /** Without the text of the error, which may hold what is personal. */
  #report(error: unknown): void {
    this.#logger.error(`A worker process failed: ${describeFailure(error)}.`);
  }

  async #create(): Promise<Pool> {
    const { pool } = await import('workerpool').catch((cause: unknown) => {
      throw new ConfigurationError('sso.workers is set, but the package workerpool cannot be loaded.', {
        code: 'configuration.options',
        remedy: 'Run "npm install workerpool", or remove sso.workers.',
        cause,
      });
    });
    return pool(workerFile(), {
      workerType: 'process',
      maxWorkers: this.options.max,
      // Maps and dates go as they are. V8's helpers, for compiling and collecting, would not have the low priority of
      // the thread that judges.
      forkOpts: { serialization: 'advanced', execArgv: ['--single-threaded'] },
    });
  }
}

function isLongDead(error: unknown): boolean {
  return error instanceof Error && error.message === 'Worker is terminated';
}

/** How the process ended, where the pool's text says so; else what kind of error it was. */
function describeFailure(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: 'unknown', message: '' };
  const [, exitCode, signal] = /exitCode: `(\w+)`\s+signalCode: `(\w+)`/.exec(message) ?? [];
  if (exitCode === undefined) return isLongDead(error) ? 'ended unseen' : (errorCode(error) ?? name);
  return exitCode === 'null' ? `ended by ${signal}` : `ended with code ${exitCode}`;
}

/** What a worker found, once its checks are on the list and none of them failed. */
function adopt<T>(made: readonly PackedCheck[], found: T | null, checks: CheckList): T {
  checks.adopt(made);
  if (found === null) throw new CheckFailed('sso.engine');
  return found;
}

async function readHere(task: JudgeTask, checks: CheckList): Promise<ResponseHead> {
  const { readResponse } = await import('./engine.js');
  return readResponse(task, checks);
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
