import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

import { DeletedGroupsService, type GroupWork } from '../stores/deleted-groups.service.js';
import { MaestranoSync } from './sync.service.js';

/** Ends the synchronization of groups that cancel (protocol §6.4), and forgets their links. */
@Injectable()
export class GroupDeletions implements OnModuleInit, GroupWork {
  constructor(
    private readonly sync: MaestranoSync,
    private readonly modules: ModuleRef,
  ) {}

  onModuleInit(): void {
    this.modules.get(DeletedGroupsService, { strict: false }).register(this);
  }

  async stop(marketplace: string, groupUid: string): Promise<void> {
    await this.sync.forget({ marketplace, groupUid });
  }

  /** Once more, for what came in between. */
  async discard(marketplace: string, groupUid: string): Promise<void> {
    await this.sync.forget({ marketplace, groupUid });
  }
}
