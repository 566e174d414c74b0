import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { registerNamespace } from '@proxywatch/core/drivers/dcdb/namespace-repository';
import { DEFAULT_SPEC, encodeStoredSpec } from '@proxywatch/core/drivers/dcdb/namespaces/stored-spec';
import { accountsRoutes } from '../../../functions/api/accounts/routes.ts';
import { createTestApi, type TestApi, type TestCall } from '../../support/api-harness.ts';
import { closeLabs, type Lab, startLab } from '../../support/lab-traffic.ts';
import { type ControlLab, forgetAll, register, startControlLab } from './control-lab.ts';

export const OPERATOR = { as: { name: 'olga', roles: { shop: 'operator' } } } as const satisfies TestCall;

export interface AccountsLab {
  readonly lab: ControlLab;
  readonly api: TestApi;
  /** Registered as lab-1 in the namespace shop. */
  readonly proxy: Lab;
}

/** For all tests of a file; each has a proxy, a namespace and an API of its own. Those are there before the test's own hooks. */
export function useAccountsLab(): () => AccountsLab {
  let lab: ControlLab;
  let now: AccountsLab;
  beforeAll(async () => {
    lab = await startControlLab();
  });
  beforeEach(async () => {
    await forgetAll(lab.db);
    await lab.redis.call('FLUSHALL', []);
    await registerNamespace(lab.db, { name: 'shop', description: '', owner: '', tags: [] });
    await specify(lab, { slices: [] });
    const proxy = await startLab(lab.backend.port);
    await register(lab.db, 'lab-1', proxy);
    now = { lab, api: createTestApi(accountsRoutes, lab.deps), proxy };
  });
  afterEach(() => closeLabs());
  afterAll(() => lab?.stop());
  return () => now;
}

export async function specify(lab: ControlLab, spec: Partial<typeof DEFAULT_SPEC>): Promise<void> {
  const text = encodeStoredSpec({ ...DEFAULT_SPEC, ...spec });
  await lab.db.updateTable('namespaces').set({ spec: text }).where('name', '=', 'shop').execute();
}

/** Answers its id. */
export async function addAccount(api: TestApi, username: string, fields: object = {}): Promise<string> {
  const body = { namespace: 'shop', username, password: 'an old secret', defaultHostgroup: 10, ...fields };
  const answer = await api.call('POST', '/v1/accounts', { body });
  expect(answer.status).toBe(201);
  return answer.body.id;
}
