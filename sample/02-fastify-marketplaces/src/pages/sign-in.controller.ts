import { Controller, Get } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { MarketplaceRegistry, SsoService } from 'nestjs-maestrano';

/** Where a front end learns how its users can sign in. */
@ApiExcludeController()
@Controller('sign-in')
export class SignInController {
  constructor(
    private readonly marketplaces: MarketplaceRegistry,
    private readonly sso: SsoService,
  ) {}

  @Get()
  links(): { marketplace: string; url: string }[] {
    return this.marketplaces
      .list()
      .map(({ name }) => ({ marketplace: name, url: this.sso.initUrl(name, { returnTo: '/desk' }) }));
  }
}
