import { Inject, Injectable } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { HttpAdapterHost } from '@nestjs/core';

import { MaestranoConfigurationError } from '../../errors/configuration.error.js';
import { MarketplaceRegistry } from '../../marketplace/marketplace-registry.js';
import { EffectivePath } from '../table/effective-path.service.js';
import { type EndpointController, METHOD_OF_VERB } from './endpoint-controller.js';
import {
  ENDPOINT_REGISTRATION,
  type EndpointDefinition,
  type EndpointRegistration,
  type EndpointVerb,
} from '../endpoint.js';
import { conventionalMountPaths, mountPaths, type HttpAdapterKind } from './mount-paths.js';
import { fillPathTemplate, parsePathTemplate } from '../table/path-template.js';
import { parseRequestTarget, RouteTrie } from '../table/route-trie.js';
import { RouteTableService } from '../table/route-table.service.js';

/** A path that was handed to the router, for logs and the `doctor` command. */
export interface MountedRoute {
  readonly verb: EndpointVerb;
  readonly path: string;
  /** Whose controller serves it. */
  readonly endpoint: string;
  /** Every endpoint that requests to it may be for. */
  readonly endpoints: readonly string[];
}

/** What all registrations of an application mounted, by its HTTP adapter. */
const mountedOn = new WeakMap<object, Set<string>>();

/**
 * Writes the routes of this registration onto its controllers. Runs in the module's `configure()`: by then the
 * marketplaces are loaded, and the router has not looked yet.
 *
 * Why wildcards, and a route table of our own behind them: marketplaces come and move while the application runs, and
 * neither router takes routes later on. Fastify moreover chooses the route before any hook runs, so nothing of ours
 * could lead a request to another one. And a route for each marketplace would cost milliseconds a request on Express
 * and minutes of start-up on Fastify where there are thousands.
 */
@Injectable()
export class RouteMounter {
  readonly #claimed = new Map<string, MountedRoute & { readonly endpoints: string[] }>();

  constructor(
    @Inject(ENDPOINT_REGISTRATION) private readonly registration: EndpointRegistration,
    private readonly registry: MarketplaceRegistry,
    private readonly routes: RouteTableService,
    private readonly effectivePath: EffectivePath,
    private readonly host: HttpAdapterHost,
  ) {}

  /** Every path this registration claimed. */
  get mounted(): readonly MountedRoute[] {
    return [...this.#claimed.values()];
  }

  /** @throws MaestranoConfigurationError `configuration.sharedRoute` where another registration mounted the same path. */
  mount(controllers: readonly EndpointController[]): void {
    const adapter = this.host.httpAdapter.getType() === 'fastify' ? 'fastify' : 'express';
    for (const { group, type } of controllers) {
      const endpoints = this.registration.endpoints.filter((endpoint) => endpoint.group === group);
      for (const [verb, method] of Object.entries(METHOD_OF_VERB) as [EndpointVerb, string][]) {
        const paths = endpoints
          .filter((endpoint) => endpoint.verbs.includes(verb))
          .flatMap((endpoint) => this.#claim(endpoint, verb, adapter));
        Reflect.defineMetadata(PATH_METADATA, paths, type.prototype[method] as object);
      }
    }
    this.routes.mounted(this.#servedPaths(adapter));
  }

  /** Makes the check whether a template that a refresh brings lies on a path that was mounted at start. */
  #servedPaths(adapter: HttpAdapterKind): (template: string) => boolean {
    const claimed = new Set([...this.#claimed.values()].map((route) => route.path));
    const patterns = new RouteTrie<true>();
    for (const path of claimed) patterns.add(parsePathTemplate(`/${path}`), true);
    return (template) => {
      const path = this.effectivePath.toMount(template);
      const wanted = mountPaths(parsePathTemplate(path), adapter);
      if (wanted.some((mount) => claimed.has(mount))) return true;
      const target = parseRequestTarget(path);
      return target !== null && patterns.find(target).length > 0;
    };
  }

  /** The endpoint's paths that no endpoint claimed yet; whoever came first dispatches for all. */
  #claim(endpoint: EndpointDefinition, verb: EndpointVerb, adapter: HttpAdapterKind): string[] {
    const fresh: string[] = [];
    for (const path of this.#pathsOf(endpoint, adapter)) {
      const key = `${verb} ${path}`;
      const claimed = this.#claimed.get(key);
      claimed?.endpoints.push(endpoint.name);
      if (claimed) continue;
      this.#claimAlone(`${verb} /${path}`);
      this.#claimed.set(key, { verb, path, endpoint: endpoint.name, endpoints: [endpoint.name] });
      fresh.push(path);
    }
    return fresh;
  }

  /** Before the router would let one registration shadow another, or fail to start with an error of its own. */
  #claimAlone(route: string): void {
    const { httpAdapter } = this.host;
    let taken = mountedOn.get(httpAdapter);
    if (!taken) mountedOn.set(httpAdapter, (taken = new Set()));
    if (taken.has(route)) {
      throw new MaestranoConfigurationError('configuration.sharedRoute', {
        message: `Two registrations of MaestranoModule would serve ${route}.`,
        remedy:
          'Register all these marketplaces in one module, or configure the paths of one registration below a ' +
          'routes.prefix of its own.',
      });
    }
    taken.add(route);
  }

  #pathsOf(endpoint: EndpointDefinition, adapter: HttpAdapterKind): Set<string> {
    const paths = new Set<string>();
    const conventional = endpoint.conventional.map((path) => `/${this.registration.prefix}/${path}`);
    for (const path of conventional) {
      for (const mount of conventionalMountPaths(parsePathTemplate(path), adapter)) paths.add(mount);
    }
    for (const marketplace of this.registry.list()) {
      // The convention is served already, by one route for all marketplaces.
      const usual = new Set(
        conventional.map((path) => fillPathTemplate(path, { marketplace: marketplace.name })),
      );
      for (const path of endpoint.configured(marketplace)) {
        if (path === null || usual.has(path)) continue;
        const template = parsePathTemplate(this.effectivePath.toMount(path));
        for (const mount of mountPaths(template, adapter)) paths.add(mount);
      }
    }
    return paths;
  }
}
