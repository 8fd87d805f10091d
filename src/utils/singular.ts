/** The word for one record of a resource: `person` of `people`, `tax_code` of `tax_codes`. */
export function singularOf(resource: string): string {
  if (resource === 'people') return 'person';
  return resource.endsWith('ies') ? `${resource.slice(0, -3)}y` : resource.replace(/s$/, '');
}
