import {
  type CanActivate,
  ConfigurableModuleBuilder,
  type DynamicModule,
  Inject,
  Injectable,
  Module,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

import { MarketplaceRegistry } from '../marketplace/marketplace-registry.js';
import { besideMaestranoModule } from '../marketplace/required-module.js';
import { MaestranoSync } from '../sync/sync.service.js';
import { MaestranoUsage } from '../usage/usage.service.js';

import { ConsoleAuditLog } from './audit/audit-log.js';
import { createConsoleController } from './console-controller.js';
import { ConsoleFrame } from './console-frame.js';
import type { MaestranoConsoleExtras, MaestranoConsoleOptions } from './console-options.interface.js';
import { ConsolePages } from './console-pages.js';
import { ConsolePeople } from './console-people.js';
import type { ConsoleSection } from './console-section.js';
import { ConsoleSections } from './console-sections.js';
import { CONSOLE_SETTINGS, DEFAULT_PATH, resolveConsoleSettings } from './console-settings.js';
import { DeliveryTraces } from './deliveries/delivery-traces.service.js';
import { FormTokens } from './form-tokens.js';
import { AuditSection } from './sections/audit.section.js';
import { ChargesSection } from './sections/charges.section.js';
import { DeadLettersSection } from './sections/dead-letters.section.js';
import { DeliveriesSection } from './sections/deliveries.section.js';
import { HealthSection } from './sections/health.section.js';
import { MarketplacesSection } from './sections/marketplaces.section.js';
import { OverviewSection } from './sections/overview.section.js';
import { SessionsSection } from './sections/sessions.section.js';
import { SignInsSection } from './sections/sign-ins.section.js';
import { SyncSection } from './sections/sync.section.js';
import { UsageSection } from './sections/usage.section.js';

const CONSOLE_OPTIONS = Symbol('MAESTRANO_CONSOLE_OPTIONS');
const BUILT_IN = Symbol('MAESTRANO_CONSOLE_BUILT_IN');

/** Stands where the application gave no guard, until the module refuses to start. */
@Injectable()
class NobodyGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

/** In the order of the navigation. */
const SECTIONS = [
  OverviewSection,
  SignInsSection,
  DeliveriesSection,
  DeadLettersSection,
  ChargesSection,
  MarketplacesSection,
  SessionsSection,
  HealthSection,
  AuditSection,
] as const;

function compose(definition: DynamicModule, { guard, path, imports }: MaestranoConsoleExtras): DynamicModule {
  // Both are checked when the module is instantiated, with all other options.
  const given = guard === NobodyGuard ? undefined : guard;
  const isGuard = typeof guard === 'function' || (typeof guard === 'object' && guard !== null);
  const mounted = typeof path === 'string' ? path : DEFAULT_PATH;
  return {
    ...definition,
    global: true,
    imports: [...new Set([...(definition.imports ?? []), ...(imports ?? [])])],
    controllers: [createConsoleController(mounted, isGuard ? guard : NobodyGuard)],
    providers: [
      ...(definition.providers ?? []),
      {
        provide: CONSOLE_SETTINGS,
        inject: [CONSOLE_OPTIONS],
        useFactory: (options: unknown) => resolveConsoleSettings(options, { guard: given, path }),
      },
      ConsoleFrame,
      ConsolePages,
      ConsolePeople,
      ConsoleSections,
      ...besideMaestranoModule('MaestranoConsoleModule', [
        ConsoleAuditLog,
        DeliveryTraces,
        FormTokens,
        ...SECTIONS,
      ]),
      {
        provide: BUILT_IN,
        inject: [...SECTIONS],
        useFactory: (...sections: ConsoleSection[]) => sections,
      },
    ],
    exports: [ConsoleSections],
  };
}

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<MaestranoConsoleOptions>({
  optionsInjectionToken: CONSOLE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setExtras<MaestranoConsoleExtras>({ guard: NobodyGuard, path: undefined, imports: undefined }, compose)
  .build();

/**
 * The operator console (docs/console.md): import it beside `MaestranoModule`, which must be global, as it is by default.
 *
 * ```ts
 * MaestranoConsoleModule.forRoot({
 *   guard: StaffGuard,
 *   roles: (request) => ({ name: staffOf(request).name, roles: ['view', 'replay'] }),
 * })
 * ```
 */
@Module({})
export class MaestranoConsoleModule extends ConfigurableModuleClass implements OnModuleInit {
  constructor(
    private readonly sections: ConsoleSections,
    @Inject(BUILT_IN) private readonly builtIn: readonly ConsoleSection[],
    private readonly modules: ModuleRef,
  ) {
    super();
  }

  /** Adds the sections; those of modules that the application does not have are left out. */
  onModuleInit(): void {
    for (const section of this.builtIn) {
      this.sections.add(section);
      if (section.path === 'charges') this.#addOptional();
    }
  }

  #addOptional(): void {
    const registry = this.modules.get(MarketplaceRegistry, { strict: false });
    const names = (): readonly string[] => registry.list().map(({ name }) => name);
    const usage = this.#find(MaestranoUsage);
    if (usage) this.sections.add(new UsageSection(usage, names));
    const sync = this.#find(MaestranoSync);
    if (sync) this.sections.add(new SyncSection(sync, names));
  }

  /** A provider of whatever module; null where no module has it. */
  #find<T>(type: Type<T>): T | null {
    try {
      return this.modules.get(type, { strict: false });
    } catch {
      return null;
    }
  }
}
