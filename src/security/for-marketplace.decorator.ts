import { type CustomDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';

import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import { contextRequest } from './context-request.js';

/**
 * Which marketplace a route of the application belongs to: one by name, or the one that a route parameter names, or an
 * argument of a GraphQL field.
 */
export type MarketplaceRule = string | { readonly param: string };

/** Metadata key of {@link ForMarketplace}. */
const MARKETPLACE_RULE = 'maestrano:marketplace';

/**
 * Says whose credentials a controller or method takes behind {@link MaestranoBasicAuthGuard}, and which of several
 * logins of a browser it is about behind {@link MaestranoSessionGuard}.
 *
 * @example
 * ```ts
 * @UseGuards(MaestranoBasicAuthGuard)
 * @ForMarketplace({ param: 'marketplace' })
 * @Get('exports/:marketplace')
 * exports(@CurrentMarketplace() marketplace: Marketplace) {}
 * ```
 */
export function ForMarketplace(rule: MarketplaceRule): CustomDecorator {
  return SetMetadata(MARKETPLACE_RULE, rule);
}

/**
 * The marketplace that {@link ForMarketplace} demands of a request: undefined where there is no rule, null where the
 * rule names a marketplace that does not exist.
 */
export function demandedMarketplace(
  context: ExecutionContext,
  reflector: Reflector,
  registry: MarketplaceRegistry,
): Marketplace | null | undefined {
  const targets = [context.getHandler(), context.getClass()];
  const rule = reflector.getAllAndOverride<MarketplaceRule | undefined>(MARKETPLACE_RULE, targets);
  if (rule === undefined) return undefined;
  if (typeof rule === 'string') return registry.find(rule);
  const name = contextRequest(context)?.params[rule.param];
  return typeof name === 'string' ? registry.find(name) : null;
}
