import { type ReachedForm, SandboxBrowser } from '../../sandbox/index.js';
import type { ComplianceBench } from './compliance-bench.js';
import { ComplianceFailure, demand } from './compliance-failure.js';
import type { ComplianceScenario } from './compliance-scenario.interface.js';

const area = 'login';
const EVIL = 'evil.example';

/** Where an attacker would like to send people who just signed in. */
const FOREIGN_TARGETS = [
  `https://${EVIL}/`,
  `//${EVIL}/`,
  `/\\${EVIL}/`,
  `https:${EVIL}`,
  `http://${EVIL}%2f@localhost`,
] as const;
const RETURN_PARAMETERS = ['return_to', 'returnTo', 'redirect', 'next', 'url', 'RelayState'] as const;

async function staysHome(bench: ComplianceBench, target: string): Promise<void> {
  const params = Object.fromEntries(RETURN_PARAMETERS.map((name) => [name, target]));
  // The foreign host does not exist: a redirect there shows in the steps, or as a failed look-up.
  const login = await bench.login(bench.customer(), { params }).catch((error: unknown) => {
    throw new Error(`Signing in with a foreign target failed: ${String(error)}`);
  });
  const away = login.steps.find(({ location }) => location !== null && leads(location, bench.appUrl));
  demand(!away, `Signing in redirected to ${away?.location}.`);
}

function leads(location: string, base: string): boolean {
  return URL.canParse(location, base) && new URL(location, base).hostname.includes(EVIL);
}

/** Signing in and out, as people and attackers do. */
export const LOGIN_SCENARIOS: readonly ComplianceScenario[] = [
  {
    id: 'login',
    area,
    title: 'A person of one company signs in and lands on a page',
    remedy: 'Follow the first rejection in the log; SsoService.explain(code) says what was wrong.',
    run: async (bench) => void (await bench.signedIn(bench.customer())),
  },
  {
    id: 'login-again',
    area,
    title: 'The same person signs in a second time',
    remedy:
      'findOrCreateUser and findOrCreateGroup must find what the first login created: keep a link by marketplace and uid.',
    run: async (bench) => {
      const who = bench.customer();
      await bench.signedIn(who);
      await bench.signedIn(who);
    },
  },
  {
    id: 'login-second-group',
    area,
    title: 'A person of two companies signs in through each of them',
    remedy:
      'A user may belong to several groups: findOrCreateUser returns the known user, and addMember adds the membership.',
    run: async (bench) => {
      const first = bench.customer();
      const second = bench.customer();
      bench.sandbox.build.member(bench.marketplace, first.user, second.group, 'Member');
      await bench.signedIn(first);
      await bench.signedIn({ user: first.user, group: second.group });
    },
  },
  {
    id: 'login-colleagues',
    area,
    title: 'Two people of one company sign in',
    remedy: 'findOrCreateGroup must find the group that the first person created.',
    run: async (bench) => {
      const first = bench.customer();
      await bench.signedIn(first);
      await bench.signedIn(bench.colleague(first));
    },
  },
  {
    id: 'login-concurrent',
    area,
    title: 'Five people of a new company sign in at the same moment',
    remedy:
      'Make findOrCreateGroup safe against two first logins at once (a unique index and a second look).',
    run: async (bench) => {
      const first = bench.customer();
      const all = [first, ...Array.from({ length: 4 }, () => bench.colleague(first))];
      await Promise.all(all.map((who) => bench.signedIn(who)));
    },
  },
  {
    id: 'login-stays',
    area,
    title: 'Who signed in is still signed in at the next three pages',
    remedy:
      'A MaestranoSessionAdapter that begins the session anew must leave our entry in it, the store must have saved the ' +
      'session before the redirect, and its cookie must come back (SameSite=Lax).',
    run: async (bench) => {
      const { cookieHeader } = await bench.signedIn(bench.customer());
      for (let visit = 1; visit <= 3; visit += 1) {
        demand(await bench.seesPage(cookieHeader), `Nobody is signed in at page ${visit} after the login.`);
      }
    },
  },
  {
    id: 'login-tabs',
    area,
    title: 'Eight tabs of one browser that begin a login at once all get in',
    remedy:
      'Remember each login that a browser began on its own, as SsoService does, and not only the latest.',
    run: async (bench) => {
      const who = bench.customer();
      const browser = new SandboxBrowser();
      const tabs: ReachedForm[] = [];
      for (let tab = 1; tab <= 8; tab += 1) tabs.push(await bench.beginLogin(who, browser));
      for (const [tab, { form }] of tabs.entries()) {
        const page = await browser.postFromOtherSite(form.action, form.fields, bench.sandbox.url);
        demand(page.status === 200, `Tab ${tab + 1} ended on ${page.url} with status ${page.status}.`);
      }
    },
  },
  {
    id: 'login-names',
    area,
    title: 'Names with accents, quotes, ampersands and markup are taken as they are',
    remedy:
      'Escape what you print, and let findOrCreateUser and findOrCreateGroup take any characters in names.',
    run: async (bench) => {
      const who = bench.customer({
        groupName: 'Müller & Sons <“quoted”> 株式会社',
        name: 'Zoë',
        surname: "O'Neil-Ångström",
      });
      const login = await bench.signedIn(who);
      demand(!login.body.includes('<“quoted”>'), 'The page printed the name of the group as markup.');
    },
  },
  {
    id: 'login-empty-values',
    area,
    title: 'A person and a company without country, city, time zone, currency and trial sign in',
    remedy:
      'Every attribute of UserProfile and GroupProfile but the identifiers may be absent: do not require it in your tables.',
    run: async (bench) => void (await bench.signedIn(bench.customer({ bare: true }))),
  },
  {
    id: 'login-other-marketplace',
    area,
    title: 'The user and the group of another marketplace are others, though their ids are the same',
    remedy: 'In findOrCreateUser and findOrCreateGroup, look for context.marketplace and the uid together.',
    run: async (bench) => {
      const other = bench.otherMarketplace;
      const who = bench.customer();
      bench.sandbox.build.group(other, { uid: who.group, name: 'Namesake' });
      bench.sandbox.build.user(other, { uid: who.user, name: 'Name', surname: 'Sake' });
      bench.sandbox.build.member(other, who.user, who.group, 'Member');
      const here = await bench.signedIn(who);
      const there = await bench.login(who, { marketplace: other });
      demand(there.status === 200, `Signing in through ${other} ended with status ${there.status}.`);
      await bench.sandbox.webhooks.deleteGroupUser(who.group, who.user, { marketplace: other });
      demand(
        await bench.seesPage(here.cookieHeader),
        'A removal on one marketplace ended the session of the other.',
      );
    },
  },
  {
    id: 'login-clock-behind',
    area,
    title: "A marketplace whose clock is 30 seconds behind the application's is understood",
    remedy: 'Allow for some difference of clocks (sso.acceptedClockSkewMs), and run NTP.',
    run: async (bench) => withClock(bench, '-30s', async () => void (await bench.signedIn(bench.customer()))),
  },
  {
    id: 'login-clock-ahead',
    area,
    title: "A marketplace whose clock is 30 seconds ahead of the application's is understood",
    remedy: 'Allow for some difference of clocks (sso.acceptedClockSkewMs), and run NTP.',
    run: async (bench) => withClock(bench, '30s', async () => void (await bench.signedIn(bench.customer()))),
  },
  {
    id: 'login-clock-far-ahead',
    area,
    title: 'A response from ten minutes in the future is rejected',
    remedy: 'Check NotBefore and IssueInstant, with a tolerance of a minute or so (sso.acceptedClockSkewMs).',
    run: async (bench) =>
      withClock(bench, '10m', async () => {
        const login = await bench.login(bench.customer());
        demand(login.status >= 400 || !(await bench.seesPage(login.cookieHeader)), 'It was accepted.');
      }),
  },
  ...FOREIGN_TARGETS.map((target, index): ComplianceScenario => ({
    id: `open-redirect-${index + 1}`,
    area,
    title: `Signing in does not redirect to ${target}`,
    remedy:
      'Redirect to paths of your own only, after parsing them with new URL(target, origin); the init path of SsoService takes no others.',
    run: (bench) => staysHome(bench, target),
  })),
  {
    id: 'page-needs-login',
    area,
    title: 'Nobody sees the page without signing in',
    remedy: 'Put MaestranoSessionGuard, or your own, on the page.',
    run: async (bench) => demand(!(await bench.seesPage('')), 'It is open.'),
  },
  {
    id: 'session-cookie',
    area,
    title: 'The session cookie cannot be read by scripts',
    remedy: 'Set HttpOnly on the session cookie; that of MaestranoSessionGuard has it.',
    run: async (bench) => {
      const login = await bench.signedIn(bench.customer());
      const set = login.steps
        .filter(({ url }) => url.startsWith(bench.appUrl))
        .flatMap(({ setCookies }) => setCookies)
        .filter((line) => !/max-age=0|expires=thu, 01 jan 1970/i.test(line));
      const readable = set.find((line) => !/;\s*httponly/i.test(line));
      demand(!readable, `The cookie ${readable?.split('=')[0]} lacks HttpOnly.`);
    },
  },
  {
    id: 'session-logout',
    area,
    title: 'A session ends when the marketplace says so, at the next recheck',
    remedy:
      'Put MaestranoSessionGuard on the page: it asks the marketplace when the session is due, and ends it on "valid": false.',
    run: async (bench) => {
      const who = bench.customer();
      // The marketplace lives almost three minutes ago, so that its "ask again in three minutes" is now.
      const login = await withClock(bench, '-178s', () => bench.signedIn(who));
      const user = bench.sandbox.state.user(bench.marketplace, who.user);
      if (user) user.ssoSession = bench.sandbox.state.nextToken();
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      demand(!(await bench.seesPage(login.cookieHeader)), 'The page is still shown.');
    },
  },
  {
    id: 'consume-nothing',
    area,
    title: 'A post without SAMLResponse is a client error',
    remedy: 'Respond with 4xx, never 5xx, to what is no response at all; MaestranoExceptionFilter does.',
    run: (bench) => consumeRefuses(bench, ''),
  },
  {
    id: 'consume-garbage',
    area,
    title: 'A post of garbage is a client error',
    remedy: 'Respond with 4xx, never 5xx, to what cannot be decoded; MaestranoExceptionFilter does.',
    run: (bench) => consumeRefuses(bench, 'SAMLResponse=%00%ff!!not+base64'),
  },
  {
    id: 'consume-array',
    area,
    title: 'A post with two SAMLResponse fields is a client error',
    remedy:
      'Let the consume route of MaestranoModule respond, or check that the field is one text: parsers turn a repeated field into a list.',
    run: (bench) => consumeRefuses(bench, 'SAMLResponse=YQ&SAMLResponse=Yg'),
  },
  {
    id: 'consume-huge',
    area,
    title: 'A post of two megabytes is a client error, or broken off',
    remedy:
      'Let the consume route of MaestranoModule read the body, which is limited, or limit that of your own.',
    run: async (bench) => {
      try {
        await consumeRefuses(bench, `SAMLResponse=${'A'.repeat(2_000_000)}`);
      } catch (error) {
        if (error instanceof ComplianceFailure) throw error;
        // A server that closes the connection instead of reading on refuses as well, if it goes on serving.
        await consumeRefuses(bench, '');
      }
    },
  },
];

async function consumeRefuses(bench: ComplianceBench, body: string): Promise<void> {
  const { consume } = bench.sandbox.marketplaces.get(bench.marketplace).paths;
  const { status } = await bench.request('POST', consume, {
    body,
    credentials: 'none',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  demand((status >= 400 && status < 500) || status === 302 || status === 303, `It responded with ${status}.`);
}

async function withClock<T>(bench: ComplianceBench, offset: string, work: () => Promise<T>): Promise<T> {
  bench.sandbox.clock.advance(offset);
  try {
    return await work();
  } finally {
    bench.sandbox.clock.reset();
  }
}
