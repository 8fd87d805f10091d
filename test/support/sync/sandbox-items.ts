import { MaestranoHttp } from '../../../src/http/maestrano-http.service.js';
import { startSandbox, type Sandbox } from '../../../src/sandbox/index.js';
import { ConnecClientRecords } from '../../../src/sync/connec/connec-client-records.js';
import { connecClient } from '../connec-clients.js';
import { registeredMarketplace } from '../marketplaces.js';
import { settingsOf } from '../settings.js';
import type { ConnecItem, ItemPlatform } from './item-history.js';
import { OWNER } from './memory-connec.js';

/** The sandbox's Connec!, over HTTP, with a company for each history. */
export class SandboxItems {
  #companies = 0;

  private constructor(
    private readonly sandbox: Sandbox,
    private readonly http: MaestranoHttp,
  ) {}

  static async start(): Promise<SandboxItems> {
    const sandbox = await startSandbox({ scenario: 'empty' });
    return new SandboxItems(
      sandbox,
      new MaestranoHttp(settingsOf({ http: { attempts: 1, breaker: false } }).http),
    );
  }

  async close(): Promise<void> {
    await this.http.onApplicationShutdown();
    await this.sandbox.close();
  }

  /** A company without items. */
  platform(): ItemPlatform {
    const { sandbox } = this;
    const [account] = sandbox.marketplaces.list();
    const group = `cld-${(this.#companies += 1)}`;
    sandbox.build.group(account!.name, { uid: group, name: `Lantern ${group}` });
    const marketplace = registeredMarketplace(account!.name, {
      api: { id: account!.apiId, key: account!.apiKeys[0] },
      connec: { host: sandbox.url },
    });
    const client = connecClient({ http: this.http, marketplace, group, options: { externalIds: true } });
    const target = { group };
    return {
      records: new ConnecClientRecords(client, OWNER),
      list: () =>
        sandbox.connec
          .list('items', target)
          .map((item) => ({ ...(item as ConnecItem), key: String(item.id) })),
      add: (item) => void sandbox.connec.write('items', { ...item }, target),
      edit: (key, changes) => void sandbox.connec.write('items', { ...changes, id: key }, target),
      prepare: (faults, random) => {
        sandbox.faults.clear();
        if (!faults || random() < 0.6) return;
        // A response that gets lost, or a server that fails; a request in the middle of the run.
        const effect = random() < 0.5 ? { applyThenDrop: true } : { status: 503 };
        sandbox.faults.next('POST batch', effect, 1 + Math.floor(random() * 2));
      },
    };
  }
}
