// A compiled root module, as the doctor is given it.
import { Module } from '@nestjs/common';
import { MaestranoModule } from 'nestjs-maestrano';
import { RecordingGroupAdapter, RecordingUserAdapter, testMarketplace } from 'nestjs-maestrano/testing';

export class AppModule {}
Module({
  imports: [
    MaestranoModule.forRoot({
      userAdapter: RecordingUserAdapter,
      groupAdapter: RecordingGroupAdapter,
      developerPlatform: false,
      marketplaces: [testMarketplace('partner', { sso: { enabled: false } })],
    }),
  ],
})(AppModule);
