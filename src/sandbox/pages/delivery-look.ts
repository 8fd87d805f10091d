import type { Row, Tone } from '../../views/parts.js';
import { duration } from '../../views/format.js';
import { html, type Html, type HtmlValue } from '../../views/html.js';
import type { Delivery } from '../webhooks/delivery.js';

/** Whether the application did not take a delivery. One that serves no synchronization failed at nothing. */
export function isFailed(delivery: Delivery): boolean {
  const { status } = delivery;
  return status === null || (status >= 300 && !isNotServed(delivery));
}

/** Whether the application was asked for a synchronization, which it need not have. */
function isNotServed({ kind, status }: Delivery): boolean {
  return kind === 'synchronization' && status === 404;
}

/** How a delivery stands. */
export function deliveryTone(delivery: Delivery): Tone {
  if (isNotServed(delivery)) return 'idle';
  return isFailed(delivery) ? 'bad' : 'good';
}

/** What the marketplace does to a synchronization by a method. */
const SYNCHRONIZATION: Readonly<Record<string, string>> = {
  GET: 'asked about',
  POST: 'started',
  PUT: 'turned on or off',
};

/** What a delivery said, in words. */
export function deliveryTitle({ kind, method, url, body }: Delivery): string {
  const [path = ''] = url.replace(/^[a-z]+:\/\/[^/]+/, '').split('?');
  if (kind === 'group') return `Company removed: ${path}`;
  if (kind === 'group-user') return `Person removed: ${path}`;
  if (kind === 'initialization') return `Application started: ${path}`;
  if (kind === 'synchronization') return `Synchronization ${SYNCHRONIZATION[method] ?? 'called'}: ${path}`;
  return `Notification, ${entitiesOf(body)}`;
}

/** `3 invoices, 1 person`, as far as the body can be read. */
function entitiesOf(body: string | null): string {
  try {
    const document = JSON.parse(body ?? '') as Record<string, unknown>;
    const parts = Object.entries(document).map(
      ([resource, list]) => `${resource}: ${Array.isArray(list) ? list.length : 1}`,
    );
    return parts.length > 0 ? parts.slice(0, 4).join(', ') : 'nothing';
  } catch {
    return 'unreadable';
  }
}

/** One line of a list of deliveries; `note` stands at its end. */
export function deliveryRow(
  delivery: Delivery,
  time: Html,
  href: string,
  open = false,
  note: HtmlValue = '',
): Row {
  const sub = `${delivery.marketplace} · ${duration(delivery.durationMs)}${delivery.error ? ` · ${delivery.error}` : ''}`;
  return {
    href,
    open,
    tone: deliveryTone(delivery),
    word: delivery.status ?? 'none',
    title: deliveryTitle(delivery),
    time,
    sub: note === '' ? sub : html`${sub} · ${note}`,
  };
}
