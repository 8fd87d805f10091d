import type { AssertionFacts } from './assertion-checks.js';
import { CheckFailed, CheckList, type PackedCheck } from './check-list.js';
import { type JudgeTask, type OpenLogin, readResponse } from './response-judge.js';
import type { ResponseHead } from './response-structure.js';

/** What a worker is given: the response, and the login it most likely answers. */
export interface WorkerTask extends JudgeTask {
  /** Null when there is none: then the response is only read. */
  readonly login: OpenLogin | null;
}

/** What a worker found out. */
export interface WorkerVerdict {
  /** The checks that need no login. */
  readonly early: readonly PackedCheck[];
  /** Null when one of those failed. */
  readonly head: ResponseHead | null;
  /** The checks that need one; empty when the response answers another. */
  readonly late: readonly PackedCheck[];
  /** Null when one of those failed, or none was made. */
  readonly facts: AssertionFacts | null;
}

/** Reads a response and judges it in one go, without anything of the application: for a process of its own. */
export async function judgeTask({ login, ...task }: WorkerTask): Promise<WorkerVerdict> {
  const [early, late] = [new CheckList(), new CheckList()];
  let head: ResponseHead | null = null;
  let facts: AssertionFacts | null = null;
  try {
    const { judge, ...read } = readResponse(task, early);
    head = read;
    if (login !== null && login.id === head.inResponseTo) facts = await judge(login, late);
  } catch (error) {
    if (!(error instanceof CheckFailed)) throw error;
  }
  return { early: early.pack(), head, late: late.pack(), facts };
}
