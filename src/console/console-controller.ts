import {
  Controller,
  Get,
  Param,
  Post,
  Req,
  Res,
  type Type,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';

import { SKIP_SESSION } from '../maestrano.constants.js';
import type { IncomingRequest } from '../utils/incoming-request.js';
import type { ConsoleGuard } from './console-options.interface.js';
import { ConsolePages } from './console-pages.js';

/** Makes the controller of the console at its path, behind the application's guard. */
export function createConsoleController(path: string, guard: ConsoleGuard): Type {
  @Controller({ path, version: VERSION_NEUTRAL })
  @UseGuards(guard)
  class MaestranoConsoleController {
    constructor(private readonly pages: ConsolePages) {}

    @Get('assets/:name')
    asset(@Req() request: IncomingRequest, @Res() response: unknown, @Param('name') name: string): void {
      this.pages.asset(request, response, name);
    }

    @Get()
    overview(@Req() request: IncomingRequest, @Res() response: unknown): Promise<void> {
      return this.pages.page(request, response);
    }

    @Get(':section')
    section(
      @Req() request: IncomingRequest,
      @Res() response: unknown,
      @Param('section') section: string,
    ): Promise<void> {
      return this.pages.page(request, response, section);
    }

    @Get(':section/:page')
    page(
      @Req() request: IncomingRequest,
      @Res() response: unknown,
      @Param('section') section: string,
      @Param('page') page: string,
    ): Promise<void> {
      return this.pages.page(request, response, section, page);
    }

    @Post(':section/:action')
    act(
      @Req() request: IncomingRequest,
      @Res() response: unknown,
      @Param('section') section: string,
      @Param('action') action: string,
    ): Promise<void> {
      return this.pages.act(request, response, section, action);
    }
  }
  // Operators are the guard's business; they have no session of a marketplace.
  Reflect.defineMetadata(SKIP_SESSION, true, MaestranoConsoleController);
  // The key @ApiExcludeController() writes; set by hand so that Swagger need not be installed.
  Reflect.defineMetadata('swagger/apiExcludeController', [true], MaestranoConsoleController);
  return MaestranoConsoleController;
}
