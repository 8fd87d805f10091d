import { Controller, Get, Header, NotFoundException, Param, Res } from '@nestjs/common';

import { PAGE_ASSETS } from '../../views/assets.js';

/** The part of a platform's response that is used here; Express and Fastify both have it. */
interface Reply {
  header(name: string, value: string): unknown;
}

/** Style and script of the pages. */
@Controller('assets')
export class AssetsController {
  @Get(':name')
  @Header('cache-control', 'public, max-age=31536000, immutable')
  @Header('x-content-type-options', 'nosniff')
  asset(@Param('name') name: string, @Res({ passthrough: true }) reply: Reply): string {
    const asset = PAGE_ASSETS.get(name);
    if (!asset) throw new NotFoundException();
    reply.header('content-type', asset.contentType);
    return asset.body;
  }
}
