import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { Logger } from '@nestjs/common';
import type { Piscina } from 'piscina';

import { ConfigurationError } from '../../errors/configuration.error.js';
import type { SsoWorkerOptions } from '../../interfaces/sso-options.interface.js';
import { errorCode } from '../../utils/error-code.js';
import { packageFolders } from '../../utils/package-folder.js';
import { CheckFailed, type CheckList, type PackedCheck } from './check-list.js';
import type { ThreadTask, ThreadVerdict } from './judge.worker.js';
import { likelyRequestId } from './likely-request-id.js';
import type { JudgeTask, OpenLogin, ReadResponse } from './response-judge.js';
import type { ResponseHead } from './response-structure.js';

/** A thread that nobody needs for this long ends. */
const IDLE_MS = 60_000;
/** Nobody waits longer for a page, whatever becomes of the threads. */
const PATIENCE_MS = 30_000;
/** Logins that wait for a thread: each holds its response. */
const MAX_QUEUE = 1_000;

/**
 * Reads and judges responses on worker threads: one takes the event loop some 8 ms. Threads start with the first
 * login; nothing of it is loaded where `sso.workers` is not set.
 */
export class JudgePool {
  readonly #logger = new Logger('MaestranoSso');
  #pool: Promise<Piscina<ThreadTask, ThreadVerdict>> | undefined;

  constructor(private readonly options: SsoWorkerOptions) {}

  /**
   * The same as reading here, with the judging done ahead where the login can be told at a glance. Where no thread
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
    const ahead = await this.#run(task, likely);
    const head =
      typeof ahead === 'string' ? await readHere(task, checks) : adopt(ahead.early, ahead.head, checks);
    return {
      ...head,
      judge: async (login, further) => {
        const made = typeof ahead === 'string' || login.id === likely?.id;
        const verdict = made ? ahead : await this.#run(task, login);
        if (typeof verdict !== 'string') return adopt(verdict.late, verdict.facts, further);
        further.expect('sso.worker', false, 'a verdict', verdict);
        throw new CheckFailed('sso.worker');
      },
    };
  }

  /** @throws ConfigurationError when the piscina package is not installed. */
  start(): Promise<Piscina<ThreadTask, ThreadVerdict>> {
    this.#pool ??= this.#create();
    return this.#pool;
  }

  /** Lets what is running end, then ends the threads. */
  async close(): Promise<void> {
    const pool = await this.#pool?.catch(() => undefined);
    await pool?.close();
  }

  /**
   * The verdict, or why there is none. Once more when a thread dies: what is judged is not to blame in general, and
   * the second attempt makes the pool start a new thread, which those who wait in the queue need as well.
   */
  async #run(task: JudgeTask, login: OpenLogin | null): Promise<ThreadVerdict | string> {
    const { certificates, fingerprints, sloEnabled } = task.sso;
    const own = login && { id: login.id, startedAt: login.startedAt };
    const sent: ThreadTask = { ...task, sso: { certificates, fingerprints, sloEnabled }, login: own };
    const pool = await this.start();
    // The pool's own limit does not count tasks that can be aborted.
    if (pool.queueSize >= MAX_QUEUE) return 'too many logins waiting for a thread';
    const signal = AbortSignal.timeout(PATIENCE_MS);
    for (let attempt = 1; attempt <= 2 && !signal.aborted; attempt += 1) {
      try {
        return await pool.run(sent, { signal });
      } catch (error) {
        this.#report(error);
      }
    }
    return signal.aborted ? 'no thread in time' : 'two threads that died';
  }

  /** Without the text of the error, which may hold what is personal. */
  #report(error: unknown): void {
    const { name } = Object(error) as { readonly name?: unknown };
    const kind = errorCode(error) ?? (typeof name === 'string' ? name : 'unknown');
    this.#logger.error(`A worker thread failed: ${kind}.`);
  }

  async #create(): Promise<Piscina<ThreadTask, ThreadVerdict>> {
    const { Piscina: Pool } = await import('piscina').catch((cause: unknown) => {
      throw new ConfigurationError('sso.workers is set, but the package piscina cannot be loaded.', {
        code: 'configuration.options',
        remedy: 'Run "npm install piscina", or remove sso.workers.',
        cause,
      });
    });
    const pool = new Pool<ThreadTask, ThreadVerdict>({
      filename: workerFile(),
      minThreads: 0,
      maxThreads: this.options.max,
      idleTimeout: IDLE_MS,
    });
    // A thread that dies outside a task must not take the application with it.
    pool.on('error', (error: unknown) => this.#report(error));
    return pool;
  }
}

/** What a thread found, once its checks are on the list and none of them failed. */
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
