import type { Bill } from 'nestjs-maestrano';

import type { User } from '../accounts/user.js';
import type { Entry } from '../timesheets/timesheets.service.js';
import { html, type Html } from './html.js';

/** Bills that the page shows: the invoice at the marketplace has all. */
const SHOWN_BILLS = 5;

/** The last seven days, and a line to add. */
export function weekCard(entries: readonly Entry[]): Html {
  const lines = entries.map(
    ({ day, customer, who, hours }) =>
      html`<tr>
        <td><time datetime="${day}">${day}</time></td>
        <td>${customer}</td>
        <td>${who}</td>
        <td class="num">${hours}</td>
      </tr>`,
  );
  return html`<section class="card">
    <h2>This week</h2>
    ${
      entries.length === 0
        ? html`<p class="soft">Write down for whom you worked today, and how long.</p>`
        : html`<table>
            <caption class="hidden">
              Hours of the last seven days
            </caption>
            <thead>
              <tr>
                <th scope="col">Day</th>
                <th scope="col">Customer</th>
                <th scope="col">Who</th>
                <th scope="col" class="num">Hours</th>
              </tr>
            </thead>
            <tbody>
              ${lines}
            </tbody>
          </table>`
    }
    <form class="fields" method="post" action="/dashboard/hours">
      <label>Customer<input name="customer" required maxlength="80" /></label>
      <label class="short"
        >Hours<input name="hours" type="number" min="0.25" max="24" step="0.25" required
      /></label>
      <button class="primary">Add hours</button>
    </form>
  </section>`;
}

/** Who works here, as the marketplace says. */
export function peopleCard(people: readonly { readonly user: User; readonly role: string }[]): Html {
  return html`<section class="card">
    <h2>People</h2>
    <table>
      <caption class="hidden">
        People of the company
      </caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Role</th>
        </tr>
      </thead>
      <tbody>
        ${people.map(
          ({ user, role }) =>
            html`<tr>
              <td>${user.name}<br /><span class="soft">${user.email ?? ''}</span></td>
              <td>${role}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

/** What the company is charged on the marketplace's invoice. */
export function billsCard(bills: readonly Bill[] | null): Html {
  return html`<section class="card">
    <h2>Bills</h2>
    ${bills === null ? html`<p role="status">Your marketplace does not show your bills at the moment.</p>` : listed(bills)}
    <p class="soft">You pay on the invoice of your marketplace.</p>
    <form method="post" action="/dashboard/charge"><button>Charge 20.00</button></form>
  </section>`;
}

function listed(bills: readonly Bill[]): Html {
  if (bills.length === 0) return html`<p class="soft">Nothing was charged yet.</p>`;
  const newest = [...bills].sort((a, b) => (b.createdAt?.getTime() ?? 0) - (a.createdAt?.getTime() ?? 0));
  return html`<table>
    <caption class="hidden">
      The newest bills
    </caption>
    <thead>
      <tr>
        <th scope="col">What</th>
        <th scope="col">Status</th>
        <th scope="col" class="num">Amount</th>
      </tr>
    </thead>
    <tbody>
      ${newest.slice(0, SHOWN_BILLS).map(
        ({ description, id, status, priceCents, currency }) =>
          html`<tr>
            <td>${description ?? id}</td>
            <td>${status ?? ''}</td>
            <td class="num">${((priceCents ?? 0) / 100).toFixed(2)} ${currency ?? ''}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}
