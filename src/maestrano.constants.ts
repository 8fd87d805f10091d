/** Injection token of the options as they were given; only `src/settings` reads them. */
export const MAESTRANO_OPTIONS = Symbol('MAESTRANO_OPTIONS');

/** Injection token of the {@link MaestranoModuleExtras} of a registration. */
export const MAESTRANO_EXTRAS = Symbol('MAESTRANO_EXTRAS');

/** First segment of the conventional layout, without slashes. */
export const DEFAULT_ROUTE_PREFIX = 'maestrano';

/** `provider` of users and groups that came from a marketplace (protocol §4.9). */
export const MAESTRANO_PROVIDER = 'maestrano';

/** Type of the execution context of a `@ConnecHandler` method, as `context.getType()` says it; `http` is that of a route. */
export const CONNEC_CONTEXT = 'maestrano:connec';

/** Metadata key of controllers and methods that the session guard leaves open; our own controllers carry it. */
export const SKIP_SESSION = Symbol('maestrano.skipSession');

/** Metadata key of controllers and methods that the session guard lets people without a session into. */
export const OPTIONAL_SESSION = Symbol('maestrano.optionalSession');
