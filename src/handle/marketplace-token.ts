/** Injection token of a marketplace's handle, for factories and for `overrideProvider()` in tests. */
export function getMarketplaceToken(name: string): string {
  return `MaestranoMarketplace:${name}`;
}
