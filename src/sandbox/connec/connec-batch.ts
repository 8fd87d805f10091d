import { HttpException, Inject, Injectable } from '@nestjs/common';

import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from '../sandbox-options.js';
import { ConnecApi } from './connec-api.js';
import { CONNEC_TITLES, ConnecApiException } from './connec-api.exception.js';
import { ConnecRecords } from './connec-records.js';

type Document = Record<string, unknown>;

interface BatchResult {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Several requests in one; each has its own result, in order (protocol §9.6). */
@Injectable()
export class ConnecBatch {
  constructor(
    @Inject(SANDBOX_OPTIONS) private readonly options: ResolvedSandboxOptions,
    private readonly api: ConnecApi,
    private readonly records: ConnecRecords,
  ) {}

  run(marketplace: string, body: Document, externalIds: boolean): { results: BatchResult[] } {
    const { ops } = body;
    if (!Array.isArray(ops)) throw new ConnecApiException(400, 'Missing ops');
    const { maxBatch } = this.records.manner;
    if (maxBatch !== undefined && ops.length > maxBatch) {
      throw new ConnecApiException(400, 'Too many operations', {
        detail: `A batch has ${maxBatch} operations at most`,
      });
    }
    return {
      results: ops.map((operation: unknown) => this.#one(marketplace, operation as Document, externalIds)),
    };
  }

  #one(marketplace: string, operation: Document, externalIds: boolean): BatchResult {
    try {
      const url = new URL(String(operation['url']), this.options.url);
      const match = /^(?:\/connec)?\/api\/v2\/(.+)$/.exec(url.pathname);
      if (!match) throw new ConnecApiException(404, CONNEC_TITLES.notFound);
      const body = (operation['params'] ?? {}) as Document;
      return this.api.handle({
        method: String(operation['method'] ?? 'get').toUpperCase(),
        marketplace,
        segments: (match[1] as string).split('/').filter(Boolean).map(decodeURIComponent),
        query: url.searchParams,
        body,
        externalIds,
      });
    } catch (error) {
      if (error instanceof HttpException) {
        return { status: error.getStatus(), headers: {}, body: error.getResponse() };
      }
      return {
        status: 400,
        headers: {},
        body: new ConnecApiException(400, 'Malformed operation').getResponse(),
      };
    }
  }
}
