// A collection of as many records as the path says (`/api/v2/<total>/people`), in pages, with a latency, in a process
// of its own: its CPU time is not the client's.
import { createServer } from 'node:http';

const latency = Number(process.argv[2] ?? 5);
const pages = new Map();

function page(total, skip, top, host) {
  const key = `${total}/${skip}/${top}`;
  const known = pages.get(key);
  if (known) return known;
  const people = Array.from({ length: Math.max(0, Math.min(top, total - skip)) }, (_, n) => ({
    id: `e32303c1-5102-0132-661e-${String(skip + n).padStart(12, '0')}`,
    n: skip + n,
    first_name: 'Jo',
    last_name: `Doe the ${skip + n}th`,
    email: { address: `jo${skip + n}@example.com` },
    group_id: String(total),
    updated_at: '2016-08-01T15:30:20Z',
  }));
  const more = skip + top < total;
  const next = `http://${host}/api/v2/${total}/people?%24skip=${skip + top}&%24top=${top}`;
  const text = JSON.stringify({ people, pagination: { skip, top, total, ...(more ? { next } : {}) } });
  if (pages.size < 1_000) pages.set(key, text);
  return text;
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://h');
  const total = Number(url.pathname.split('/')[3]);
  const skip = Number(url.searchParams.get('$skip') ?? 0);
  const top = Number(url.searchParams.get('$top') ?? 100);
  const body = page(total, skip, top, request.headers.host);
  const answer = () => {
    response.writeHead(200, { 'content-type': 'application/vnd.api+json' });
    response.end(body);
  };
  if (latency > 0) setTimeout(answer, latency);
  else answer();
});
server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
process.on('disconnect', () => process.exit(0));
