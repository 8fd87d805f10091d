// Connec! as far as the synchronization needs it, in a process of its own: its CPU time is not the engine's. Records are
// found by their ids and external ids, and listed by `updated_at`, without a scan: `/api/v2/<group>/<resource>`, and `/batch`.
// `/control` makes records and edits, lets time pass, and says how many requests and writes there were, and how long changes
// took whose value says when they were made. The argument is how many milliseconds it thinks before it responds.
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const latency = Number(process.argv[2] ?? 0);
const groups = new Map();
let requests = 0;
let writes = 0;
let ids = 0;
/** Changes of the application that arrived: `[when it was made, how long it took]`. */
let reached = [];
// Stamps have whole seconds and rise with every 500 writes, as those of a busy hour do.
let ticks = 0;
const stamp = () => new Date(1_700_000_000_000 + Math.floor((ticks += 1) / 500) * 1_000).toISOString();

function groupOf(name) {
  if (!groups.has(name)) groups.set(name, { records: new Map(), external: new Map(), log: [] });
  return groups.get(name);
}

function put(group, record, changes) {
  const { id: given = [], ...values } = changes;
  Object.assign(record, values, { updated_at: stamp() });
  for (const one of Array.isArray(given) ? given : []) {
    if (one.provider === 'connec' || record.id.some(({ id }) => id === one.id)) continue;
    record.id.unshift(one);
    group.external.set(one.id, record);
  }
  group.log.push({ at: record.updated_at, record });
  const [, madeAt] = /^at (\d+)$/.exec(values.first_name) ?? [];
  if (madeAt !== undefined) reached.push([Number(madeAt), Date.now() - Number(madeAt)]);
  writes += 1;
  return record;
}

function post(group, changes) {
  const known = (Array.isArray(changes.id) ? changes.id : [])
    .map(({ id }) => group.external.get(id))
    .find(Boolean);
  if (known) return put(group, known, changes);
  const id = `r${(ids += 1)}`;
  const record = { id: [{ id, provider: 'connec', realm: 'org' }], created_at: stamp() };
  group.records.set(id, record);
  return put(group, record, changes);
}

/** Records since a stamp, oldest first: those entries of the log that are their record's newest. */
function list(group, query) {
  const since = /updated_at gte '([^']+)'/.exec(query.get('$filter') ?? '')?.[1] ?? '';
  const from = since === '' ? '' : new Date(since).toISOString();
  let [low, high] = [0, group.log.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (group.log[middle].at < from) low = middle + 1;
    else high = middle;
  }
  const [skip, top] = [Number(query.get('$skip') ?? 0), Number(query.get('$top') ?? 100)];
  const found = [];
  const seen = new Set();
  for (let index = low; index < group.log.length && found.length < skip + top; index += 1) {
    const { at, record } = group.log[index];
    if (record.updated_at !== at || seen.has(record)) continue;
    seen.add(record);
    found.push(record);
  }
  return found.slice(skip);
}

function answer(method, path, query, body) {
  // Paths of operations end in a slash.
  const [name, resource, id] = path.split('/').filter(Boolean);
  const group = groupOf(name);
  const envelope = (record, status = 200) => ({ status, body: { [resource]: record } });
  if (id !== undefined) {
    const record = group.records.get(id);
    if (!record) return { status: 404, body: { errors: [] } };
    return envelope(method === 'PUT' ? put(group, record, body[resource]) : record);
  }
  if (method === 'POST') return envelope(post(group, body[resource]), 201);
  const page = list(group, query);
  return {
    status: 200,
    body: { [resource]: page, pagination: { skip: 0, top: page.length, total: page.length } },
  };
}

function control({ group: name = 'nobody', make = 0, edit = 0, values = {}, passed = 0, edits = [] }) {
  // So many seconds.
  ticks += passed * 500;
  for (const { group: of, place, values: changes } of edits) {
    const company = groupOf(of);
    put(company, [...company.records.values()][place], changes);
  }
  const group = groupOf(name);
  for (let count = 0; count < make; count += 1)
    post(group, { first_name: `Remote ${count}`, last_name: 'R', ...values });
  let edited = 0;
  for (const record of group.records.values()) {
    if (edited >= edit) break;
    edited += 1;
    put(group, record, { last_name: `Edited ${ticks}` });
  }
  const told = { requests, writes, records: group.records.size, reached };
  requests = 0;
  writes = 0;
  reached = [];
  return told;
}

async function respond(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString());
  const url = new URL(request.url, 'http://h');
  const path = (pathname) => pathname.replace(/^.*\/api\/v2\//, '');
  let result;
  if (url.pathname === '/control') result = { status: 200, body: control(body) };
  else {
    requests += 1;
    if (url.pathname.endsWith('/batch')) {
      const results = body.ops.map((op) => {
        const at = new URL(op.url, 'http://h');
        return {
          headers: {},
          ...answer(op.method.toUpperCase(), path(at.pathname), at.searchParams, op.params ?? {}),
        };
      });
      result = { status: 200, body: { results } };
    } else result = answer(request.method, path(url.pathname), url.searchParams, body);
  }
  if (latency > 0 && url.pathname !== '/control') await pause(latency);
  response.writeHead(result.status, { 'content-type': 'application/vnd.api+json' });
  response.end(JSON.stringify(result.body));
}

const server = createServer((request, response) => void respond(request, response));
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
process.on('disconnect', () => process.exit(0));
