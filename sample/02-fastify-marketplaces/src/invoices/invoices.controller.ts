import { Controller, Get, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  BillingService,
  MaestranoSession,
  type MaestranoSessionData,
  MaestranoSessionGuard,
} from 'nestjs-maestrano';

import { type Invoice, InvoicesService } from './invoices.service.js';

/** The application's own API. */
@ApiTags('invoices')
@Controller('invoices')
@UseGuards(MaestranoSessionGuard)
export class InvoicesController {
  constructor(
    private readonly invoices: InvoicesService,
    private readonly billing: BillingService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Invoices of the company one is signed in with' })
  list(@MaestranoSession() { marketplace, groupUid }: MaestranoSessionData): Invoice[] {
    return this.invoices.of(marketplace, groupUid);
  }

  @Post('reminders')
  @HttpCode(201)
  @ApiOperation({ summary: 'Sends a payment reminder, for 0.50' })
  async remind(
    @MaestranoSession() { marketplace, groupUid }: MaestranoSessionData,
  ): Promise<{ bill: string }> {
    const bill = await this.billing.for(marketplace).bills.create({
      groupId: groupUid,
      priceCents: 50,
      currency: 'AUD',
      description: 'Payment reminder',
    });
    return { bill: bill.id };
  }
}
