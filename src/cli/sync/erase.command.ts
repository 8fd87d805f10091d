import { Option } from 'commander';

import { count } from '../../views/format.js';
import type { CliCommand } from '../cli-command.js';
import { nameOf, oneEntity, recordOf, report, type SyncCommandOptions, withSync } from './sync-session.js';

interface EraseOptions extends SyncCommandOptions {
  readonly connec: 'archive' | 'unlink';
  readonly yes?: boolean;
}

/** `sync erase`: forgets a person's record, and says before what that comes to. */
export function eraseCommand(command: CliCommand): CliCommand {
  return command
    .description(
      "Forgets what is kept of a person's record; digests of its ids keep it from coming back. Says what would be done; does it with --yes, and it cannot be taken back.",
    )
    .argument('<company>', 'id of the company (cld-4), or MARKETPLACE/COMPANY with several marketplaces')
    .argument('<record>', "the application's id (17 or app:17), or Connec!'s (connec:e323…)")
    .addOption(
      new Option('--connec <what>', 'what becomes of the record at Connec!')
        .choices(['archive', 'unlink'])
        .makeOptionMandatory(),
    )
    .option('--yes', 'does it')
    .does<EraseOptions>((at, options, [company = '', record = '']) =>
      withSync(at, options, company, async (session) => {
        const { connec, yes = false, json } = options;
        const operations = await session.sync.operations(session.group);
        const ref = recordOf(oneEntity(session), record);
        const { app, connec: there, archives, history } = await operations.erasable(ref, { connec });
        const name = `${ref.entity} ${nameOf({ app, connec: there })}`;
        const what = archives ? 'archived at Connec!' : 'left as it is at Connec!';
        if (!yes) {
          return report(at, json, { erased: false, app, connec: there, archives, history }, [
            `would erase ${name}, with ${count(history, 'entry', 'entries')} of its history; ${what}`,
            'Nothing was done. Erase your own record first, and repeat this with --yes.',
          ]);
        }
        const { at: when, archived } = await operations.erase(ref, { connec });
        // A receipt names nobody.
        return report(at, json, { erased: true, entity: ref.entity, at: when, archived }, [
          `erased one record of ${ref.entity} on ${when.toISOString()}, ${archived ? what : 'not archived'}`,
        ]);
      }),
    );
}
