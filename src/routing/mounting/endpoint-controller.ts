import {
  Controller,
  Delete,
  Get,
  Inject,
  Post,
  Put,
  Req,
  Res,
  type Type,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';

import { SKIP_SESSION } from '../../maestrano.constants.js';
import { ENDPOINT_GROUPS, type EndpointGroup } from '../endpoint-groups.js';
import type { EndpointVerb } from '../endpoint.js';
import { EndpointDispatcher } from '../dispatch/endpoint-dispatcher.service.js';
import type { IncomingRequest } from '../../utils/incoming-request.js';
import { MaestranoRouteGuard } from '../dispatch/maestrano-route.guard.js';
import type { ControllerDecorators, MaestranoModuleExtras } from '../module-extras.interface.js';

/** The method that serves a verb; its path metadata is set when the module is configured. */
export const METHOD_OF_VERB: Readonly<Record<EndpointVerb, string>> = {
  GET: 'read',
  POST: 'submit',
  PUT: 'update',
  DELETE: 'remove',
};

/** A controller of one registration, and whose endpoints it serves. */
export interface EndpointController {
  readonly group: EndpointGroup;
  readonly type: Type;
}

/**
 * Makes the controller of one group of endpoints for one registration of the module. Each registration gets classes
 * of its own: route metadata on a shared class would break the second registration.
 */
export function createEndpointController(
  group: EndpointGroup,
  extras: MaestranoModuleExtras,
): EndpointController {
  @Controller({ version: VERSION_NEUTRAL })
  @UseGuards(MaestranoRouteGuard)
  class MaestranoEndpointController {
    constructor(@Inject(EndpointDispatcher) private readonly dispatcher: EndpointDispatcher) {}

    @Get([])
    read(@Req() request: IncomingRequest, @Res() response: unknown): Promise<void> {
      return this.dispatcher.dispatch(request, response);
    }

    @Post([])
    submit(@Req() request: IncomingRequest, @Res() response: unknown): Promise<void> {
      return this.dispatcher.dispatch(request, response);
    }

    @Put([])
    update(@Req() request: IncomingRequest, @Res() response: unknown): Promise<void> {
      return this.dispatcher.dispatch(request, response);
    }

    @Delete([])
    remove(@Req() request: IncomingRequest, @Res() response: unknown): Promise<void> {
      return this.dispatcher.dispatch(request, response);
    }
  }
  Object.defineProperty(MaestranoEndpointController, 'name', { value: ENDPOINT_GROUPS[group] });
  // A session guard that the application uses globally must not stand before the way to sign in.
  Reflect.defineMetadata(SKIP_SESSION, true, MaestranoEndpointController);
  for (const decorate of decoratorsOf(group, extras)) decorate(MaestranoEndpointController);
  if (extras.hideFromSwagger ?? true) {
    // The key @ApiExcludeController() writes; set by hand so that Swagger need not be installed.
    Reflect.defineMetadata('swagger/apiExcludeController', [true], MaestranoEndpointController);
  }
  return { group, type: MaestranoEndpointController };
}

function decoratorsOf(group: EndpointGroup, extras: MaestranoModuleExtras): readonly ClassDecorator[] {
  const { decorators = [] } = extras;
  return isList(decorators) ? decorators : (decorators[group] ?? []);
}

function isList(decorators: ControllerDecorators): decorators is readonly ClassDecorator[] {
  return Array.isArray(decorators);
}
