import { type BenchCredentials, type ComplianceBench } from './compliance-bench.js';
import { demand } from './compliance-failure.js';
import type { ComplianceScenario } from './compliance-scenario.interface.js';

const area = 'metadata';
const PATH = '/maestrano/metadata';

async function rejects(bench: ComplianceBench, credentials: BenchCredentials, path = PATH): Promise<void> {
  const { status } = await bench.request('GET', path, { credentials });
  demand(status === 401, `It responded with ${status}.`);
}

/** What the marketplace reads of the application (protocol §3). */
export const METADATA_SCENARIOS: readonly ComplianceScenario[] = [
  {
    id: 'metadata',
    area,
    title: 'The metadata is served to the marketplace, and fits its configuration',
    remedy:
      'Let MaestranoModule serve /maestrano/metadata with the paths the marketplace has (MetadataService); the sandbox shows field by field.',
    run: async (bench) => {
      const { url, problem, fields } = await bench.sandbox.checkMetadata(bench.marketplace);
      demand(problem === null, `${url}: ${problem}.`);
      const wrong = fields.filter(({ result }) => result !== 'same').map(({ field }) => field);
      demand(wrong.length === 0, `These fields differ: ${wrong.join(', ')}.`);
    },
  },
  {
    id: 'metadata-secret',
    area,
    title: 'The metadata holds no key',
    remedy: 'Leave api.key out of the metadata, as MetadataService does.',
    run: async (bench) => {
      const { leaksKey } = await bench.sandbox.checkMetadata(bench.marketplace);
      demand(!leaksKey, 'The API key is in it.');
    },
  },
  {
    id: 'metadata-wrong-credentials',
    area,
    title: 'Wrong credentials get 401',
    remedy:
      'Put MaestranoBasicAuthGuard on the endpoint: it compares the credentials with those of the marketplace.',
    run: (bench) => rejects(bench, 'wrong'),
  },
  {
    id: 'metadata-no-credentials',
    area,
    title: 'No credentials get 401',
    remedy: 'Put MaestranoBasicAuthGuard, or your own, on the metadata endpoint.',
    run: (bench) => rejects(bench, 'none'),
  },
  {
    id: 'metadata-malformed-credentials',
    area,
    title: 'Malformed credentials get 401, not an error',
    remedy: 'Treat a header that cannot be parsed as wrong credentials; MaestranoBasicAuthGuard does.',
    run: async (bench) => {
      for (const header of [
        'Basic',
        'Basic !!!',
        'Basic bm8tY29sb24=',
        'Bearer x',
        `Basic ${'A'.repeat(4_000)}`,
      ]) {
        await rejects(bench, { header });
      }
    },
  },
];
