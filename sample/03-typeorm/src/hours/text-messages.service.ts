import { randomUUID } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { MaestranoUsage, MaestranoUsageError } from 'nestjs-maestrano/usage';
import { DataSource } from 'typeorm';

import { TextMessage } from '../database/entities.js';

/** Whose usage a message is; null for a company that is no customer of a marketplace. */
export interface ChargedCompany {
  readonly marketplace: string;
  readonly groupUid: string;
}

/** Text messages to customers: each is charged once, through the marketplace, by what is recorded with it. */
@Injectable()
export class TextMessagesService {
  constructor(
    private readonly source: DataSource,
    private readonly usage: MaestranoUsage,
  ) {}

  /** The message and its usage are both there, or neither: they are one transaction. */
  async send(
    companyId: string,
    charged: ChargedCompany | null,
    message: { readonly customer: string; readonly text: string },
  ): Promise<void> {
    await this.source.transaction(async (tx) => {
      const [id, sentAt] = [randomUUID(), new Date()];
      if (charged) {
        const { marketplace, groupUid: group } = charged;
        await this.usage.record({ marketplace, group, meter: 'sms', id, at: sentAt }, { tx });
      }
      // An outbox would hand it on to whoever carries messages; in this sample it is only written down.
      await tx.insert(TextMessage, { id, companyId, sentAt, ...message });
    });
  }

  /** What the company would be billed for its messages by now, in words; null before the first one. */
  async soFar({ marketplace, groupUid: group }: ChargedCompany): Promise<string | null> {
    try {
      const { lines, currency } = await this.usage.preview({ marketplace, group, meter: 'sms' });
      return lines.map(({ quantity, amount }) => `${quantity} messages, ${amount} ${currency}`).join('; ');
    } catch (error) {
      if (error instanceof MaestranoUsageError && error.code === 'usage.unknownStatement') return null;
      throw error;
    }
  }
}
