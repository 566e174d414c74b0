import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCaller } from '@proxywatch/core/domain/access/caller';
import type { Role } from '@proxywatch/core/domain/access/role';
import { registerProxies } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import { requireCredentialUse } from '../../../functions/api/proxies/credential-use.ts';
import { type MigratedDcdb, startMigratedDcdb } from '../../support/migrated-dcdb.ts';

let dcdb: MigratedDcdb;
beforeAll(async () => {
  dcdb = await startMigratedDcdb();
});
afterAll(() => dcdb?.stop());

const proxy = (id: string, namespace: string) => ({
  id,
  kind: 'proxysql',
  namespace,
  adminHost: id,
  adminPort: 6032,
  adminTls: false,
  statsCredentialRef: `${namespace}-stats`,
  adminCredentialRef: `${namespace}-admin`,
});

function callerWith(roles: Readonly<Record<string, Role>>) {
  const bindings = Object.entries(roles).map(([namespace, role]) => ({
    subjectKind: 'user' as const,
    subject: 'ann',
    role,
    namespace,
  }));
  return createCaller({ name: 'ann', groups: [] }, bindings);
}

describe('credentials that a registration names', () => {
  test.each([
    ['any, for an operator of all namespaces', { '*': 'operator' }, 'pay-stats', 'pay-admin', []],
    ['those of proxies of the namespace', { shop: 'operator' }, 'shop-stats', 'shop-admin', []],
    ['none of another namespace', { shop: 'operator' }, 'pay-stats', 'shop-admin', ['/statsCredentialRef']],
    [
      'none where one may only look',
      { shop: 'operator', pay: 'viewer' },
      'shop-stats',
      'pay-admin',
      ['/adminCredentialRef'],
    ],
    [
      'none for collecting as one for changes',
      { shop: 'operator' },
      'shop-stats',
      'shop-stats',
      ['/adminCredentialRef'],
    ],
  ] as const)('are %s', async (_, roles, statsCredentialRef, adminCredentialRef, pointers) => {
    await registerProxies(dcdb.db, [proxy('shop-1', 'shop'), proxy('pay-1', 'pay')]);
    const wanted = { statsCredentialRef, adminCredentialRef };
    const signal = AbortSignal.timeout(10_000);
    const outcome = requireCredentialUse(dcdb.db, callerWith(roles), wanted, {}, signal).then(
      () => [],
      (error) => error.problems.map(({ pointer }: { pointer: string }) => pointer),
    );
    expect(await outcome).toEqual(pointers);
  });
});
