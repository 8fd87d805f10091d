/** What the application's session middleware put on the request, as far as all kinds agree. */
export type ApplicationSession = Record<string, unknown>;

interface WithSession {
  session?: unknown;
}

/** The application's session; null where no middleware made one. */
export function applicationSession(request: unknown): ApplicationSession | null {
  const { session } = request as WithSession;
  return typeof session === 'object' && session !== null ? (session as ApplicationSession) : null;
}

/** Names and values in the session; @fastify/secure-session shows them only through its `data()`. */
export function sessionEntries(session: ApplicationSession): [name: string, value: unknown][] {
  const { data } = session;
  return Object.entries(typeof data === 'function' ? (data.call(session) as object) : session);
}

/**
 * Begins the session anew: another identifier where there is one, and nothing of the old content (session fixation,
 * and the data of whoever was signed in before).
 */
export async function renewSession(request: unknown): Promise<ApplicationSession> {
  const session = applicationSession(request) ?? {};
  const { regenerate } = session;
  if (typeof regenerate === 'function') {
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error | null): void => (error ? reject(error) : resolve());
      // express-session and @fastify/session call back.
      regenerate.call(session, done);
      // @fastify/secure-session does it at once and never calls back.
      if (typeof session['data'] === 'function') resolve();
    });
  } else if ('isPopulated' in session) {
    // cookie-session takes a new object for a new session.
    (request as WithSession).session = {};
  }
  return applicationSession(request) ?? session;
}
