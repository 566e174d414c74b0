import { describe, expect, test } from '@jest/globals';
import type { RoleBinding } from '@proxywatch/core/domain/access/caller';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import { createRoleSource } from '../../../../../functions/api/shared/role-source.ts';

const LOG = { info: () => {}, warn: () => {}, error: () => {} };
const ana = { name: 'ana', groups: ['dba'] };

function source(bootstrapAdmin?: Pick<RoleBinding, 'subjectKind' | 'subject'>) {
  const world = { nowMs: 0, asked: 0, bindings: [] as RoleBinding[], fault: undefined as Error | undefined };
  const roles = createRoleSource({
    bootstrapAdmin,
    maxRemembered: 2,
    nowMs: () => world.nowMs,
    log: LOG,
    async fetchBindings() {
      world.asked += 1;
      if (world.fault) throw world.fault;
      return world.bindings;
    },
  });
  return { world, roles };
}

describe('roles', () => {
  test('are asked for again after a moment, so that one that was taken away is gone', async () => {
    const { world, roles } = source();
    world.bindings = [{ subjectKind: 'group', subject: 'dba', role: 'operator', namespace: 'shop' }];
    expect((await roles.fetchCaller(ana)).roleIn('shop')).toBe('operator');
    world.bindings = [];
    world.nowMs = 4_999;
    expect((await roles.fetchCaller(ana)).roleIn('shop')).toBe('operator');
    world.nowMs = 5_000;
    expect((await roles.fetchCaller(ana)).roleIn('shop')).toBeUndefined();
    expect(world.asked).toBe(2);
  });

  test('are those of before for a minute while the DCDB is away, and no longer', async () => {
    const { world, roles } = source();
    world.bindings = [{ subjectKind: 'user', subject: 'ana', role: 'viewer', namespace: '*' }];
    await roles.fetchCaller(ana);
    world.fault = new ProxywatchError('STORE_UNAVAILABLE', 'away');
    world.nowMs = 59_999;
    expect((await roles.fetchCaller(ana)).fleetRole).toBe('viewer');
    await expect(roles.fetchCaller({ name: 'eve', groups: [] })).rejects.toThrow('away');
    world.nowMs = 60_000;
    await expect(roles.fetchCaller(ana)).rejects.toThrow('away');
  });

  test('that cannot be read for another reason are not those of before', async () => {
    const { world, roles } = source();
    await roles.fetchCaller(ana);
    world.nowMs = 6_000;
    world.fault = new ProxywatchError('RECORD_DAMAGED', 'broken');
    await expect(roles.fetchCaller(ana)).rejects.toThrow('broken');
  });

  test('are kept apart by who and by groups, and of the latest only', async () => {
    const { world, roles } = source();
    for (const principal of [ana, { name: 'ana', groups: [] }, { name: 'bob', groups: [] }])
      await roles.fetchCaller(principal);
    expect(world.asked).toBe(3);
    await roles.fetchCaller({ name: 'bob', groups: [] });
    expect(world.asked).toBe(3);
    await roles.fetchCaller(ana);
    expect(world.asked).toBe(4);
  });

  test('of the admin that the deployment names need no DCDB', async () => {
    for (const first of [
      { subjectKind: 'group', subject: 'dba' },
      { subjectKind: 'user', subject: 'ana' },
    ] as const) {
      const { world, roles } = source(first);
      world.fault = new ProxywatchError('STORE_UNAVAILABLE', 'away');
      expect((await roles.fetchCaller(ana)).fleetRole).toBe('admin');
      await expect(roles.fetchCaller({ name: 'dba', groups: ['ana'] })).rejects.toThrow('away');
    }
  });
});
