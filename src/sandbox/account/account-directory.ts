import { Inject, Injectable } from '@nestjs/common';

import { SANDBOX_OPTIONS, type ResolvedSandboxOptions } from '../sandbox-options.js';
import type { SandboxGroupRecord, SandboxResellerRecord, SandboxUserRecord } from '../state/records.js';
import { recordKey, SandboxState } from '../state/sandbox-state.js';
import { decryptPassword } from './password-cipher.js';

/** The one password that the sandbox rejects, whoever gives it (protocol §8.11). */
const REFUSED_PASSWORD = 'invalid_password';

/** Customer companies, people and resellers, as the Account API shows them (protocol §8.8 to §8.11). */
@Injectable()
export class AccountDirectory {
  constructor(
    @Inject(SANDBOX_OPTIONS) private readonly options: ResolvedSandboxOptions,
    private readonly state: SandboxState,
  ) {}

  groups(marketplace: string): SandboxGroupRecord[] {
    return this.state.groupsOf(marketplace);
  }

  group(marketplace: string, uid: string): SandboxGroupRecord | undefined {
    return this.state.group(marketplace, uid);
  }

  /** The members of a group, or of all groups. The old sandbox lists a person once for each membership. */
  users(marketplace: string, groupUid: string | null): SandboxUserRecord[] {
    const members = this.state.memberships
      .filter((one) => one.marketplace === marketplace && (!groupUid || one.groupUid === groupUid))
      .flatMap((one) => this.state.user(marketplace, one.userUid) ?? []);
    return this.options.behaviour === 'like-2016' ? members : [...new Set(members)];
  }

  user(marketplace: string, uid: string): SandboxUserRecord | undefined {
    return this.state.user(marketplace, uid);
  }

  resellers(marketplace: string): SandboxResellerRecord[] {
    return this.state.resellers.filter((one) => one.marketplace === marketplace);
  }

  reseller(marketplace: string, id: string): SandboxResellerRecord | undefined {
    return this.state.resellers.get(recordKey(marketplace, id));
  }

  /** The person of an id or address, when the password can be decrypted with one of the keys and is not the rejected one. */
  authenticate(marketplace: string, fields: Record<string, unknown>): SandboxUserRecord | undefined {
    const { id, email, password } = fields;
    const user = this.state
      .usersOf(marketplace)
      .find((one) => (id === undefined ? one.email === email : one.uid === id));
    const keys = this.state.marketplaces.get(marketplace)?.apiKeys ?? [];
    const plain = keys
      .map((key) => decryptPassword(String(password ?? ''), key))
      .find((text) => text !== null);
    return plain !== undefined && plain !== REFUSED_PASSWORD ? user : undefined;
  }
}
