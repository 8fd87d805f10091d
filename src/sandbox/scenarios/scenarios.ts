import { SandboxError } from '../../errors/sandbox.error.js';
import type { ScenarioName } from '../sandbox-options.js';
import { demo } from './demo.js';
import type { ScenarioBuilder } from './scenario-builder.js';

/** One marketplace without people: for tests that add their own. */
async function empty(build: ScenarioBuilder): Promise<void> {
  await build.marketplace({ name: 'sandbox' });
}

/** The smallest world in which a mix-up of marketplaces shows: same ids, other people, on both. */
async function twoMarketplaces(build: ScenarioBuilder): Promise<void> {
  for (const [name, person, company] of [
    ['alpha', 'Alma', 'Alpha Works'],
    ['beta', 'Bruno', 'Beta Works'],
  ] as const) {
    await build.marketplace({ name });
    build.user(name, { uid: 'usr-1', name: person, surname: 'One' });
    build.user(name, { uid: 'usr-2', name: person, surname: 'Two' });
    build.group(name, { uid: 'cld-1', name: company, orgUid: `org-${name}` });
    build.member(name, 'usr-1', 'cld-1', 'Admin');
    build.member(name, 'usr-2', 'cld-1', 'Member');
  }
}

/** One person in three companies, for applications that keep one account for each (protocol §4.10). */
async function virtualUsers(build: ScenarioBuilder): Promise<void> {
  const { name } = await build.marketplace({ name: 'virtual' });
  build.user(name, { uid: 'usr-1', name: 'Vera', surname: 'Many' });
  for (const number of [1, 2, 3]) {
    build.group(name, { uid: `cld-${number}`, name: `Company ${number}` });
    build.member(name, 'usr-1', `cld-${number}`, number === 1 ? 'Super Admin' : 'Member');
  }
}

/** 2,000 companies with a member each, and one person in fifty of them. */
async function manyGroups(build: ScenarioBuilder): Promise<void> {
  const { name } = await build.marketplace({ name: 'crowd' });
  build.user(name, { uid: 'usr-1', name: 'Cora', surname: 'Everywhere' });
  for (let number = 1; number <= 2_000; number++) {
    build.group(name, { uid: `cld-${number}`, name: `Company ${number}` });
    build.user(name, {
      uid: `usr-${number + 1}`,
      name: `Person${number}`,
      surname: 'Crowd',
      email: `p${number}@example.com`,
    });
    build.member(name, `usr-${number + 1}`, `cld-${number}`, 'Admin');
    if (number <= 50) build.member(name, 'usr-1', `cld-${number}`, 'Guest');
  }
}

const SCENARIOS: Readonly<Record<ScenarioName, (build: ScenarioBuilder) => Promise<void>>> = {
  empty,
  demo,
  'two-marketplaces': twoMarketplaces,
  'virtual-users': virtualUsers,
  'many-groups': manyGroups,
};

/** Names of the scenarios. */
export const SCENARIO_NAMES = Object.keys(SCENARIOS) as ScenarioName[];

/**
 * Fills an empty state.
 *
 * @throws SandboxError `sandbox.scenario` when the name is not known.
 */
export async function play(name: ScenarioName, build: ScenarioBuilder): Promise<void> {
  if (!SCENARIO_NAMES.includes(name)) {
    throw new SandboxError('sandbox.scenario', {
      message: `There is no scenario "${name}".`,
      remedy: `Take one of ${SCENARIO_NAMES.join(', ')}.`,
    });
  }
  await SCENARIOS[name](build);
}
