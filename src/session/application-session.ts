import { MaestranoSessionError } from '../errors/session.error.js';

/** What the application's session middleware put on the request, as far as all kinds agree. */
export type ApplicationSession = Record<string, unknown>;

interface WithSession {
  session?: unknown;
}

type Callback = (error?: unknown) => void;

/** The application's session; null where no middleware made one. */
export function applicationSession(request: unknown): ApplicationSession | null {
  const { session } = request as WithSession;
  return typeof session === 'object' && session !== null ? (session as ApplicationSession) : null;
}

/** Whether no session middleware is at work, so that there is no cookie of one either. */
export function isWithoutSession(request: unknown): boolean {
  return applicationSession(request) === null;
}

/** Names and values in the session; @fastify/secure-session shows them only through its `data()`. */
export function sessionEntries(session: ApplicationSession): [name: string, value: unknown][] {
  const { data } = session;
  return Object.entries(typeof data === 'function' ? (data.call(session) as object) : session);
}

/**
 * Begins the session anew: another identifier where there is one, and nothing of the old content (session fixation,
 * and the data of whoever was signed in before).
 *
 * @param timeoutMs how long its store may take.
 * @throws MaestranoSessionError `session.notSaved`
 */
export async function renewSession(request: unknown, timeoutMs: number): Promise<ApplicationSession> {
  const session = applicationSession(request) ?? {};
  const { regenerate } = session;
  if (typeof regenerate === 'function') {
    try {
      await called(timeoutMs, (done) => {
        // express-session and @fastify/session call back.
        regenerate.call(session, done);
        // @fastify/secure-session does it at once and never calls back.
        if (typeof session['data'] === 'function') done();
      });
    } catch (error) {
      (request as WithSession).session = null;
      throw error;
    }
  } else if ('isPopulated' in session) {
    // cookie-session takes a new object for a new session.
    (request as WithSession).session = {};
  }
  return applicationSession(request) ?? session;
}

/**
 * Has the session saved and waits for it, where its middleware has a store (express-session and @fastify/session). They
 * would save it by themselves at the end of the response, while the browser, which has seen the redirect, asks already.
 *
 * @param timeoutMs how long its store may take.
 * @throws MaestranoSessionError `session.notSaved`; the request then has no session any more, or the middleware would wait
 *   for its store once more before it lets the response go.
 */
export async function saveSession(request: unknown, timeoutMs: number): Promise<void> {
  const session = applicationSession(request);
  const save = session?.['save'];
  if (typeof save !== 'function') return;
  try {
    await called(timeoutMs, (done) => void save.call(session, done));
  } catch (error) {
    (request as WithSession).session = null;
    throw error;
  }
}

/** A function of a session middleware that calls back, waited for no longer than its time. */
async function called(timeoutMs: number, call: (done: Callback) => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(
        () => reject(notSaved(`The session store did not respond within ${timeoutMs} ms.`)),
        timeoutMs,
      );
      call((error) => {
        if (error === undefined || error === null) resolve();
        else reject(notSaved('The session store failed.', error));
      });
    });
  } catch (error) {
    throw error instanceof MaestranoSessionError ? error : notSaved('The session store failed.', error);
  } finally {
    clearTimeout(timer);
  }
}

function notSaved(message: string, cause?: unknown): MaestranoSessionError {
  return new MaestranoSessionError('session.notSaved', { message, cause });
}
