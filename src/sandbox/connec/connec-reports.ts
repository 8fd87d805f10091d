import { Injectable } from '@nestjs/common';

import { SandboxClock } from '../clock/sandbox-clock.js';
import { SandboxState } from '../state/sandbox-state.js';
import { CONNEC_TITLES, ConnecApiException } from './connec-api.exception.js';
import { ConnecRecords, type ConnecScope } from './connec-records.js';

type Document = Record<string, unknown>;

/** Classes of account each report shows; null for all of them. */
const REPORTS: Readonly<Record<string, readonly string[] | null>> = {
  accounts_summary: null,
  balance_sheet: ['ASSET', 'LIABILITY', 'EQUITY'],
  income_statement: ['REVENUE', 'EXPENSE'],
};

/** The three reports, over the accounts of a company (protocol §9.9). */
@Injectable()
export class ConnecReports {
  constructor(
    private readonly state: SandboxState,
    private readonly clock: SandboxClock,
    private readonly records: ConnecRecords,
  ) {}

  run(scope: ConnecScope, report: string, query: URLSearchParams): Document {
    if (this.state.group(scope.marketplace, scope.groupId)?.status !== 'running') {
      throw new ConnecApiException(401, CONNEC_TITLES.unauthorized);
    }
    const classes = REPORTS[report];
    if (classes === undefined) throw new ConnecApiException(404, CONNEC_TITLES.notFound);
    const accounts = this.records
      .list(scope, 'accounts')
      .filter((record) => classes === null || classes.includes(String(record.document['class'])))
      .map(({ id, document }) => ({
        id,
        code: document['code'],
        name: document['name'],
        balance: document['balance'],
      }));
    const from = query.get('from');
    return {
      ...(from && accounts.length > 0 ? { from } : {}),
      to: query.get('to') ?? this.clock.iso().slice(0, 10),
      period: query.get('period') ?? 'MONTHLY',
      accounts,
    };
  }
}
