import { AbstractGraphQLDriver, type GqlModuleOptions } from '@nestjs/graphql';
import { graphql } from 'graphql';

/** The least that a driver does: the context holds request and response, as those of Apollo and Mercurius do. */
export class PlainDriver extends AbstractGraphQLDriver {
  override start({ schema }: GqlModuleOptions): Promise<void> {
    const { httpAdapter } = this.httpAdapterHost;
    // Nest's own adapter, which waits for what a handler returns.
    // oxlint-disable-next-line oxc/no-async-endpoint-handlers
    httpAdapter.post('/graphql', async (request: { body: { query: string } }, response: unknown) => {
      const contextValue =
        httpAdapter.getType() === 'express'
          ? { req: request, res: response }
          : { reply: Object.assign(response as object, { request }) };
      const result = await graphql({ schema: schema!, source: request.body.query, contextValue });
      httpAdapter.reply(response, result, 200);
    });
    return Promise.resolve();
  }

  override stop(): Promise<void> {
    return Promise.resolve();
  }
}
