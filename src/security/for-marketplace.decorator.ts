import { type CustomDecorator, SetMetadata } from '@nestjs/common';

/** Which marketplace a route of the application belongs to: one by name, or the one a route parameter names. */
export type MarketplaceRule = string | { readonly param: string };

/** Metadata key of {@link ForMarketplace}. */
export const MARKETPLACE_RULE = 'maestrano:marketplace';

/**
 * Tells {@link MaestranoBasicAuthGuard} whose credentials a controller or method takes, and
 * {@link MaestranoSessionGuard} which of several logins of a browser it is about.
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
