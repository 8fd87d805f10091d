import type { Marketplace } from '../interfaces/marketplace.interface.js';
import type { HttpTarget } from './http.types.js';

/** Builds a target once for each snapshot: snapshots are frozen, and go with their last user. */
function perSnapshot<T>(build: (marketplace: Marketplace) => T): (marketplace: Marketplace) => T {
  const targets = new WeakMap<Marketplace, T>();
  return (marketplace) => {
    let target = targets.get(marketplace);
    if (target === undefined) {
      target = build(marketplace);
      targets.set(marketplace, target);
    }
    return target;
  };
}

/** The marketplace's Account API, with the newest key (protocol §0.2 row b, §8.1). */
export const accountTarget = perSnapshot<HttpTarget>((marketplace) =>
  Object.freeze({
    name: marketplace.name,
    owner: marketplace,
    service: 'account' as const,
    origin: marketplace.api.host,
    credentials: credentialsOf(marketplace),
  }),
);

/** The marketplace's Connec! (protocol §0.2 row c, §9.1); null where it has none. */
export const connecTarget = perSnapshot<HttpTarget | null>((marketplace) =>
  marketplace.connec.host === null
    ? null
    : Object.freeze({
        name: marketplace.name,
        owner: marketplace,
        service: 'connec' as const,
        origin: marketplace.connec.host,
        credentials: credentialsOf(marketplace),
      }),
);

/** The marketplace's session check, which takes no credentials (protocol §0.2 row d, §4.11). */
export const ssoTarget = perSnapshot<HttpTarget>((marketplace) =>
  Object.freeze({
    name: marketplace.name,
    owner: marketplace,
    service: 'sso' as const,
    origin: marketplace.sso.idp,
    credentials: null,
  }),
);

function credentialsOf(marketplace: Marketplace): HttpTarget['credentials'] {
  const [newest] = marketplace.api.keys;
  return newest ? Object.freeze({ user: marketplace.api.id, password: newest }) : null;
}
