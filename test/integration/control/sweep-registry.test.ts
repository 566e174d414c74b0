import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { RegistryEdition } from '@proxywatch/core/ports/proxy-registry';
import { sweepOperations } from '../../../functions/control/sweep-operations.ts';
import { type MariadbService, startMariadb } from '../../../infra/local/services/mariadb.ts';
import { type ControlFleet, startControlFleet } from './control-fleet.ts';

let server: MariadbService;
let fleet: ControlFleet;
beforeAll(async () => {
  server = await startMariadb();
  fleet = await startControlFleet(server.url);
});
afterAll(async () => {
  await fleet?.stop();
  await server?.stop();
});

test('a sweep publishes the proxies with the checksums that an operation left, and lives without Redis', async () => {
  const editions: RegistryEdition[] = [];
  const registry = {
    publish: async (edition: RegistryEdition) => {
      editions.push(edition);
      return 'published' as const;
    },
  };
  const sweep = (deps = { ...fleet.deps, registry }) => sweepOperations(deps, AbortSignal.timeout(20_000));
  const checksums = () => editions.at(-1)?.proxies.map(({ appliedChecksums }) => Object.keys(appliedChecksums ?? {}));
  await sweep();
  expect(checksums()).toEqual([[], [], []]);
  await fleet.account('app');
  expect((await fleet.ended(await fleet.apply({ modules: ['users'] }))).state).toBe('succeeded');
  await sweep();
  expect(checksums()?.every((names) => names.length > 0)).toBe(true);

  const warned: string[] = [];
  const away = {
    publish: async () => {
      throw new Error('redis is away');
    },
  };
  const log = { ...fleet.deps.log, warn: (event: string) => void warned.push(event) };
  expect(await sweep({ ...fleet.deps, log, registry: away as never })).toBe(0);
  expect(warned).toEqual(['the registry was not published']);
});
