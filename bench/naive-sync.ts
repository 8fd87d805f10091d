import type { AxiosInstance } from 'axios';

import type { BenchContact, BenchContacts } from './sync-contacts.js';

interface Remote {
  readonly id: readonly { readonly id: string; readonly provider: string }[];
  readonly first_name: string;
  readonly last_name: string;
  readonly updated_at: string;
}

/**
 * What one writes in an afternoon: read all of both sides, and let the newer record win whole. It remembers nothing, so
 * that it loses edits of two fields, repeats creates whose response was lost, and does all of it again the next time.
 */
export async function naiveSync(
  client: AxiosInstance,
  group: string,
  contacts: BenchContacts,
): Promise<void> {
  const path = `/api/v2/${group}/people`;
  const remotes: Remote[] = [];
  for (;;) {
    const params = { $top: 100, $skip: remotes.length, $orderby: 'updated_at asc' };
    const { data } = await client.get<{ people: Remote[] }>(path, { params });
    remotes.push(...data.people);
    if (data.people.length < 100) break;
  }
  const own = ({ id }: Remote): string | undefined => id.find(({ provider }) => provider === 'bench')?.id;
  const connec = ({ id }: Remote): string => id.find(({ provider }) => provider === 'connec')!.id;
  const byOwn = new Map(remotes.map((remote) => [own(remote), remote]));
  const listed = (id: number) => [{ id: String(id), provider: 'bench', realm: 'main' }];
  const bodyOf = ({ id, firstName, lastName }: BenchContact) => ({
    people: { id: listed(id), first_name: firstName, last_name: lastName },
  });
  for (const contact of contacts.list()) {
    const remote = byOwn.get(String(contact.id));
    if (!remote) await client.post(path, bodyOf(contact));
    else if (remote.first_name === contact.firstName && remote.last_name === contact.lastName) continue;
    else if (contact.updatedAt.getTime() > Date.parse(remote.updated_at)) {
      await client.put(`${path}/${connec(remote)}`, bodyOf(contact));
    } else contacts.edit(contact.id, { firstName: remote.first_name, lastName: remote.last_name });
  }
  for (const remote of remotes) {
    if (own(remote) !== undefined) continue;
    const { id } = contacts.add({ firstName: remote.first_name, lastName: remote.last_name });
    await client.put(`${path}/${connec(remote)}`, { people: { id: listed(id) } });
  }
}
