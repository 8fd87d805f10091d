import type { SsoErrorCode } from '../../errors/sso-error-codes.js';
import type { LoginCheck } from '../../interfaces/login-trace.interface.js';
import type { AssertionFacts } from './assertion-checks.js';
import { CheckFailed, CheckList } from './check-list.js';
import { judgeResponse, type JudgeTask } from './response-judge.js';
import { inspectResponse } from './response-structure.js';
import { readXml } from './xml-reader.js';

/** What a worker thread found out: one of `facts` and `refusal` is null. */
export interface WorkerVerdict {
  readonly facts: AssertionFacts | null;
  readonly refusal: SsoErrorCode | null;
  /** The checks made on the thread; those before it are not repeated. */
  readonly checks: readonly LoginCheck[];
}

/** Runs on a worker thread: reads the text again, which is cheaper than copying what was read. */
export default async function judgeOnThread(task: JudgeTask): Promise<WorkerVerdict> {
  const checks = new CheckList();
  try {
    const before = new CheckList();
    const response = inspectResponse(readXml(task.text, task.policy.limits, before), task.policy, before);
    const facts = await judgeResponse(task, response, checks);
    return { facts, refusal: null, checks: checks.checks };
  } catch (error) {
    if (!(error instanceof CheckFailed)) throw error;
    return { facts: null, refusal: error.code, checks: checks.checks };
  }
}
