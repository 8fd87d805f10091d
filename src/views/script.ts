/**
 * The one script of every page, served as a file. Each page works without it: it copies, keeps times current, applies
 * filters at once, tells of news without moving a row, gives keys to what has a link as well, and posts the form of a
 * login on its way.
 */
export const SCRIPT = `(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];

  // A response on its way to the application: posted at once, by its button where there is no script.
  const onItsWay = document.querySelector('form[data-submit]');
  if (onItsWay) return HTMLFormElement.prototype.submit.call(onItsWay);

  // Hidden until there is a script that can serve them.
  for (const button of all('[data-copy]')) {
    button.hidden = false;
    button.addEventListener('click', async () => {
      const source = document.getElementById(button.dataset.copy);
      const label = button.textContent;
      try {
        await navigator.clipboard.writeText(source ? source.textContent : button.dataset.copy);
        button.textContent = 'Copied';
      } catch {
        button.textContent = 'Select and copy by hand';
        if (source) getSelection().selectAllChildren(source);
      }
      setTimeout(() => (button.textContent = label), 2000);
    });
  }

  for (const button of all('[data-print]')) {
    button.hidden = false;
    button.addEventListener('click', () => print());
  }

  // Times: relative to the clock of the server, which may be another one; the exact one in the reader's own zone.
  const steps = [[60, 'second', 1], [3600, 'minute', 60], [86400, 'hour', 3600], [2592000, 'day', 86400], [31536000, 'month', 2592000], [Infinity, 'year', 31536000]];
  const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
  const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });
  const ahead = Date.parse(document.documentElement.dataset.now) - Date.now() || 0;
  const tell = () => {
    for (const time of all('time[data-exact]')) {
      const at = new Date(time.dateTime), seconds = (at - Date.now() - ahead) / 1000, size = Math.abs(seconds);
      const [, unit, by] = steps.find(([limit]) => size < limit);
      time.dataset.exact = exact.format(at);
      if (!time.matches('.clock')) time.textContent = size < 5 ? 'now' : relative.format(Math.trunc(seconds / by), unit);
    }
  };
  tell();
  setInterval(() => document.hidden || tell(), 15000);

  // Selects apply at once; the address keeps them, so that a link shows the same.
  for (const form of all('form.filters')) {
    form.addEventListener('change', (event) => event.target.matches('select') && form.requestSubmit());
    form.addEventListener('submit', () => { for (const field of form.elements) if (field.name && !field.value) field.disabled = true; });
  }

  // Nothing moves under the pointer: news is announced, and shown by a click or the key n.
  const feed = document.querySelector('[data-live]');
  if (feed) {
    const bar = document.getElementById('fresh'), state = document.getElementById('live');
    let source, waiting = 0;
    const say = (text) => { if (state) state.textContent = text; };
    const open = () => {
      source = new EventSource(feed.dataset.live);
      source.onopen = () => say('Live');
      source.onerror = () => say('Connection lost, trying again');
      source.onmessage = () => {
        waiting += 1;
        bar.hidden = false;
        bar.querySelector('a').textContent = waiting === 1 ? 'Show 1 new line' : 'Show ' + waiting + ' new lines';
      };
    };
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) return open();
      source?.close();
      say('Paused');
    });
    if (document.hidden) say('Paused');
    else open();
  }

  // Keys: never in a field, never with a modifier.
  const rows = () => all('a.row, .data tbody tr').map((one) => (one.matches('a') ? one : one.querySelector('a'))).filter(Boolean);
  const move = (by) => {
    const list = rows(), at = list.indexOf(document.activeElement);
    list[Math.min(Math.max(at + by, 0), list.length - 1)]?.focus();
  };
  const keys = {
    '/': () => document.querySelector('[type=search]')?.focus(), j: () => move(1), k: () => move(-1),
    n: () => document.querySelector('#fresh:not([hidden]) a')?.click(),
    t: () => document.body.classList.toggle('exact'),
    '?': () => document.getElementById('keys')?.scrollIntoView({ block: 'end' }),
    Escape: () => document.querySelector('.backlink a')?.click(),
  };
  document.addEventListener('keydown', (event) => {
    if (event.target.matches('input, textarea, select')) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
})();
`;
