import type { MarketplaceEvent } from '../../interfaces/marketplace-events.interface.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { MarketplaceStatus } from '../../marketplace/marketplace-loader.js';
import { count } from '../../views/format.js';
import { html, type Html, type HtmlValue } from '../../views/html.js';
import { card, empty, keyValues, pill, table, type Tone } from '../../views/parts.js';
import type { ConsoleAttention } from '../console-section.js';
import type { ConsoleView } from '../console-view.js';

/** Lines of a table. */
const LISTED = 200;
const DAY_MS = 24 * 60 * 60_000;
/** Days before its end that a certificate is shown as ending. */
const SOON_DAYS = 30;
/** Failures in a row after which a source needs somebody: one is a hiccup. */
const FAILURES = 2;

/** What of the configuration needs somebody: each source, each kind of problem, each certificate. */
export function attentionOf(status: MarketplaceStatus): readonly ConsoleAttention[] {
  const { sources, problems, expiringCertificates, marketplaces } = status;
  const act = 'What to do';
  const none: ConsoleAttention[] =
    marketplaces > 0
      ? []
      : [
          {
            waiting: 'customers',
            tone: 'bad',
            word: 'No marketplace',
            title: 'No marketplace is configured: nobody can sign in',
            why: 'No source brought one that can be served.',
            act,
          },
        ];
  const failing = sources
    .filter(({ failures, origin }) => failures >= FAILURES || origin === 'file')
    .map(({ name, failures, lastError }): ConsoleAttention => ({
      waiting: 'operation',
      tone: 'warn',
      word: 'Old configuration',
      title: `${name} cannot be read${failures > 0 ? `: it failed ${count(failures, 'time')}` : ''}`,
      why: `${lastError?.message ?? 'It is served from the copy on disk.'} What was loaded before stays in force.`,
      act,
    }));
  const codes = [...new Set(problems.map(({ code }) => code))];
  const wrong = codes.map((wanted): ConsoleAttention => {
    const same = problems.filter(({ code }) => code === wanted);
    const [first] = same;
    const names = [...new Set(same.map(({ marketplace }) => marketplace ?? 'all'))].slice(0, 3).join(', ');
    const isError = same.some(({ severity }) => severity === 'error');
    return {
      waiting: isError ? 'customers' : 'operation',
      tone: isError ? 'bad' : 'warn',
      word: count(same.length, 'problem'),
      title: `${names}: ${first?.message ?? ''}`,
      why: first?.remedy ?? '',
      act,
    };
  });
  const ending = expiringCertificates.map(({ marketplace, daysLeft }): ConsoleAttention => ({
    waiting: 'operation',
    tone: daysLeft < 0 ? 'bad' : 'warn',
    word: daysLeft < 0 ? 'Certificate expired' : 'Certificate ends',
    title: `A certificate of ${marketplace} ${daysLeft < 0 ? `expired ${count(-daysLeft, 'day')} ago` : `ends in ${count(daysLeft, 'day')}`}`,
    why: 'The marketplace is about to change it, or should have: have the new one beside it before it signs with that.',
    act,
  }));
  return [...none, ...failing, ...wrong, ...ending];
}

/** Each source, and how old what it brought is. */
export function sourcesOf({ sources }: MarketplaceStatus, view: ConsoleView): Html {
  if (sources.length === 0) {
    return html`<p>
      The marketplaces are written down in the options of the application: nothing is fetched, and a change
      needs a deployment.
    </p>`;
  }
  return html`${sources.map(({ name, origin, confirmedAt, failures, lastError, vanished }) =>
    keyValues([
      ['Source', name],
      [
        'State',
        failures > 0
          ? html`${pill('bad', `Failed ${count(failures, 'time')}`)} ${lastError?.message ?? ''}
              <code>${lastError?.code ?? ''}</code>`
          : pill(origin === 'live' ? 'good' : 'warn', origin === 'live' ? 'Well' : `From ${origin}`),
      ],
      ['Confirmed', confirmedAt === null ? 'never' : view.when(confirmedAt)],
      ...(vanished.length > 0
        ? [['Vanished', html`${vanished.join(', ')}: served until their grace time ends`] as const]
        : []),
    ]),
  )}`;
}

/** What is wrong with the configuration, and what to do. */
export function problemsOf({ problems }: MarketplaceStatus): Html {
  return card(
    `${count(problems.length, 'problem')} of the configuration`,
    table(
      'Problems',
      [{ name: 'Where', kind: 'lead' }, { name: 'What' }, { name: 'What to do' }],
      problems
        .slice(0, LISTED)
        .map(({ marketplace, key, severity, message, remedy, code }) => [
          html`${marketplace ?? 'all'} <small>${key ?? ''}</small>`,
          html`${pill(severity === 'error' ? 'bad' : 'warn', severity)} ${message}
            <small><code>${code}</code></small>`,
          remedy,
        ]),
    ),
    { flush: true, cls: 'warn' },
  );
}

/** What to do about certificates that have expired or will soon; nothing where there is none. */
export function expiryOf({ expiringCertificates, sources }: MarketplaceStatus): Html | '' {
  if (expiringCertificates.length === 0) return '';
  const names = [...new Set(expiringCertificates.map(({ marketplace }) => marketplace))];
  const shown = names.slice(0, 3).join(', ');
  return card(
    'What to do about certificates',
    html`<p>
        Sign-ins go on: what is trusted is the key in a certificate, however old it is. They stop when the
        marketplace signs with another key that is not known here.
      </p>
      <p>
        <b>What to do:</b> where no newer one is listed below, ask
        ${names.length > 3 ? `${shown} and others` : shown} for the certificate that will be signed with.
        ${
          sources.length > 0
            ? html`Have it put beside the old one where the configuration comes from
              (${sources.map(({ name }) => name).join(', ')}), then fetch the configuration here.`
            : html`Put it beside the old one in <code>sso.x509_certificate</code> of the options, and deploy.`
        }
      </p>`,
    { cls: 'warn' },
  );
}

/** Marketplaces with their certificates. */
export function certificatesOf(marketplaces: readonly Marketplace[], view: ConsoleView): Html {
  if (marketplaces.length === 0) {
    return empty('warn', 'No marketplace', 'No source brought one: nobody can sign in.');
  }
  const lines = marketplaces.slice(0, LISTED).flatMap(({ name, environment, sso, api }): HtmlValue[][] => {
    const first = html`${name} <small>${environment ?? ''}</small>`;
    if (sso.certificates.length === 0) {
      return [
        [first, html`<code>${api.id}</code>`, sso.fingerprints.length > 0 ? 'pinned fingerprint' : '–', ''],
      ];
    }
    return sso.certificates.map(({ sha256, notAfter }) => [
      first,
      html`<code>${api.id}</code>`,
      html`<code>SHA-256 ${sha256.slice(0, 16)}…</code>`,
      html`${certificatePill(notAfter, view.now)} ${view.when(notAfter)}`,
    ]);
  });
  return table(
    'Marketplaces',
    [{ name: 'Marketplace', kind: 'lead' }, { name: 'Our id' }, { name: 'Certificate' }, { name: 'Ends' }],
    lines,
  );
}

function certificatePill(notAfter: Date, now: number): Html {
  const days = Math.floor((notAfter.getTime() - now) / DAY_MS);
  const [tone, text]: readonly [Tone, string] =
    days < 0 ? ['bad', 'Expired'] : days < SOON_DAYS ? ['warn', 'Ends soon'] : ['good', 'Valid'];
  return pill(tone, text);
}

/** What happened to a marketplace, in a sentence. */
export function describeEvent(event: MarketplaceEvent): string {
  const { name } = event.marketplace;
  if (event.type === 'changed') {
    return `${name}: ${event.changes.map(({ key }) => key).join(', ')} changed.`;
  }
  if (event.type === 'certificateRotated') return `${name} has another certificate.`;
  if (event.type === 'credentialsRotated') return `${name} has other credentials.`;
  return `${name} was ${event.type}.`;
}
