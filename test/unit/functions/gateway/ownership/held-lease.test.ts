import { describe, expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { HeldLease } from '../../../../../functions/gateway/ownership/held-lease.ts';
import { MemoryLeases } from '../../../../support/memory-fleet.ts';

const LEASE_MS = 1_000;

function leaseOf(memberId: string, leases: MemoryLeases, clock = { now: 0 }) {
  return new HeldLease('shop-1', {
    leases,
    owner: () => ({ memberId, advertise: `${memberId}.example:9464` }),
    leaseMs: LEASE_MS,
    clock: { nowMs: () => clock.now, wallMs: () => 0, random: () => 0 },
  });
}

describe('a lease as a gateway has it', () => {
  test('stands for its time from when it was asked for', async () => {
    const clock = { now: 500 };
    const lease = leaseOf('a', new MemoryLeases(), clock);
    expect(lease.stands()).toBe(false);
    await lease.acquire(false);
    clock.now = 500 + LEASE_MS - 1;
    expect(lease.stands()).toBe(true);
    lease.prolong(600);
    clock.now = 600 + LEASE_MS;
    expect(lease.stands()).toBe(false);
  });

  test('is claimed with the token that it has, as long as the store knows it', async () => {
    const leases = new MemoryLeases();
    const lease = leaseOf('a', leases);
    await lease.acquire(false);
    const { token } = lease;
    expect(await lease.claim()).toBe(token);
    expect(leases.held.get('shop-1')?.token).toBe(token);
  });

  test('is taken again, with another token, when the store has forgotten it', async () => {
    const leases = new MemoryLeases();
    const lease = leaseOf('a', leases);
    await lease.acquire(false);
    const { token } = lease;
    leases.flush();
    expect(await lease.claim()).not.toBe(token);
    expect(leases.held.get('shop-1')?.token).toBe(lease.token);
  });

  test('cannot be claimed when another gateway has it', async () => {
    const leases = new MemoryLeases();
    const lease = leaseOf('a', leases);
    await lease.acquire(false);
    leases.flush();
    await leaseOf('b', leases).acquire(false);
    const refused = await lease.claim().catch((error: unknown) => error);
    expect(errorCodeOf(refused)).toBe('STORE_FENCED');
  });

  test('cannot be claimed before it was ever had', async () => {
    const refused = await leaseOf('a', new MemoryLeases())
      .claim()
      .catch((error: unknown) => error);
    expect(errorCodeOf(refused)).toBe('STORE_UNAVAILABLE');
  });
});
