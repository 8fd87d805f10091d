import type { Row, Tone } from '../../views/parts.js';
import { isLoginProblem, type LoginRecord, loginState } from '../login/login-log.js';
import type { SandboxPages } from './sandbox-pages.js';

const WORDS = { accepted: 'Signed in', rejected: 'Rejected', sent: 'Sent' } as const;

/** How a login ended, in a word: one that ended as it should not is bad, whichever way. */
export function loginLook(login: LoginRecord): { readonly tone: Tone; readonly word: string } {
  const state = loginState(login);
  if (isLoginProblem(login)) return { tone: 'bad', word: WORDS[state] };
  return { tone: state === 'sent' ? 'info' : state === 'rejected' ? 'idle' : 'good', word: WORDS[state] };
}

/** One line of a list of logins. */
export function loginRow(login: LoginRecord, pages: SandboxPages, href: string, open = false): Row {
  const { marketplace, user, group, sent, response } = login;
  const company = pages.companyName(marketplace, group);
  const notes = [company, marketplace, sent === 'valid' ? null : `sent: ${sent}`, response?.code ?? null];
  return {
    href,
    open,
    ...loginLook(login),
    title: pages.person(marketplace, user),
    time: pages.when(login.at),
    sub: notes.filter((one) => one !== null).join(' · '),
  };
}
