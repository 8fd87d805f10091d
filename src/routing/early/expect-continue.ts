import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import type { IncomingRequest } from '../../utils/incoming-request.js';
import type { EarlyCheck } from './early-check.js';

/**
 * Has a caller that asks first (`Expect: 100-continue`) send its body only when its credentials are right: Node.js would
 * tell every caller to go on. What the application does about such requests itself goes before it.
 */
export function installContinue(server: Server, check: EarlyCheck): void {
  if (server.listenerCount('checkContinue') > 0) return;
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // A body that was announced and never came must not be taken for the next request.
    if (check.decide(request as IncomingRequest).rejected) response.setHeader('Connection', 'close');
    else response.writeContinue();
    server.emit('request', request, response);
  });
}
