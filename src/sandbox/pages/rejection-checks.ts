import { SSO_ERROR_CODES } from '../../errors/sso-error-codes.js';
import { count } from '../../views/format.js';
import { html, type Html } from '../../views/html.js';
import { checks } from '../../views/parts.js';

const ORDER = Object.entries(SSO_ERROR_CODES) as [string, { readonly meaning: string }][];
/** Passed checks that are shown as lines: those before are folded. */
const SHOWN = 4;

/**
 * What an application with this package examined until the check that failed: its codes are in the order of checking. Empty
 * for a code that is none of a SAML response's checks.
 */
export function rejectionChecks(code: string): Html | '' {
  const failed = ORDER.findIndex(([name]) => name === code);
  if (failed < 0) return '';
  const line = ([name, { meaning }]: (typeof ORDER)[number], index: number) =>
    [index < failed, meaning, html`<code>${name}</code>`] as const;
  const lines = ORDER.slice(0, failed + 1).map((entry, index) => line(entry, index));
  const earlier = lines.slice(0, Math.max(0, failed - SHOWN));
  const notReached = ORDER.length - failed - 1;
  return html`<h3>What was examined</h3>
    ${
      earlier.length > 0
        ? html`<details>
            <summary>${count(earlier.length, 'check')} before, passed</summary>
            ${checks(earlier)}
          </details>`
        : ''
    }
    ${checks(lines.slice(earlier.length))}
    ${notReached > 0 ? html`<p class="small soft">${count(notReached, 'check')} not reached.</p>` : ''}`;
}
