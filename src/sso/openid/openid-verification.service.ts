import { Injectable } from '@nestjs/common';

import { MaestranoError } from '../../errors/maestrano.error.js';
import { MaestranoHttp } from '../../http/maestrano-http.service.js';
import type { Marketplace } from '../../interfaces/marketplace.interface.js';
import type { OpenIdMessage } from './openid-message.js';
import { openIdTarget } from './openid-urls.js';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 16_384;

/**
 * Asks the provider itself whether it made an answer (protocol §5). Direct verification rather than an association:
 * there is no shared secret to keep, rotate or share among instances, and the provider confirms an answer only once.
 */
@Injectable()
export class OpenIdVerificationService {
  constructor(private readonly http: MaestranoHttp) {}

  /**
   * @returns `confirmed`, or in a few words what came instead.
   */
  async verify(marketplace: Marketplace, endpoint: string, message: OpenIdMessage): Promise<string> {
    const form = new URLSearchParams();
    for (const [field, value] of message) {
      form.set(`openid.${field}`, field === 'mode' ? 'check_authentication' : value);
    }
    const { pathname, search } = new URL(endpoint);
    try {
      const { status, text } = await this.http.request(openIdTarget(marketplace), {
        method: 'POST',
        path: pathname + search,
        operation: 'POST openid/provider/:id',
        headers: { accept: 'text/plain' },
        body: form,
        timeoutMs: TIMEOUT_MS,
        deadlineMs: 2 * TIMEOUT_MS,
        maxResponseBytes: MAX_BYTES,
      });
      if (status !== 200) return `status ${status}`;
      return saysValid(text) ? 'confirmed' : 'not confirmed';
    } catch (error) {
      if (error instanceof MaestranoError) return `no answer (${error.code})`;
      throw error;
    }
  }
}

/** Lines of `key:value`; a repeated key confirms nothing. */
function saysValid(text: string): boolean {
  const verdicts = text.split('\n').filter((line) => line.startsWith('is_valid:'));
  return verdicts.length === 1 && verdicts[0]?.trimEnd() === 'is_valid:true';
}
