import type { AssertionFacts } from './assertion-checks.js';
import { CheckFailed, CheckList, type PackedCheck } from './check-list.js';
import { type JudgeTask, type OpenLogin, readResponse } from './response-judge.js';
import type { ResponseHead } from './response-structure.js';

/** What a thread is given: the response, and the login it most likely answers. */
export interface ThreadTask extends JudgeTask {
  /** Null when there is none: then the response is only read. */
  readonly login: OpenLogin | null;
}

/** What a thread found out. */
export interface ThreadVerdict {
  /** The checks that need no login. */
  readonly early: readonly PackedCheck[];
  /** Null when one of those failed. */
  readonly head: ResponseHead | null;
  /** The checks that need one; empty when the response answers another. */
  readonly late: readonly PackedCheck[];
  /** Null when one of those failed, or none was made. */
  readonly facts: AssertionFacts | null;
}

/** Runs on a worker thread: reads the response and judges it in one go. */
export default async function judgeOnThread({ login, ...task }: ThreadTask): Promise<ThreadVerdict> {
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
