import { Module } from '@nestjs/common';

import { InvoicesModule } from '../invoices/invoices.module.js';
import { DirectoryService } from './directory.service.js';

@Module({
  imports: [InvoicesModule],
  providers: [DirectoryService],
  exports: [DirectoryService, InvoicesModule],
})
export class DirectoryModule {}
