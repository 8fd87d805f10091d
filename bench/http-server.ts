import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A marketplace that answers one bill, in a process of its own: its CPU is not the client's. */
const BODY = JSON.stringify({
  success: true,
  errors: {},
  data: {
    object: 'account_bill',
    id: 'bill-520',
    group_id: 'cld-4',
    created_at: '2015-06-03T05:00:33Z',
    updated_at: '2015-06-03T05:00:33Z',
    price_cents: 2000,
    status: 'submitted',
    currency: 'AUD',
    units: null,
    description: 'SMS credits',
    period_started_at: null,
    period_ended_at: null,
  },
});

const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(BODY),
    'x-request-id': 'e32303c1-5102-0132-661e-600308937d74',
  });
  response.end(BODY);
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit(0));
