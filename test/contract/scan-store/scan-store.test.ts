import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createRedisLeaseStore } from '@proxywatch/core/drivers/lease/redis-lease-store';
import { createRedisScanStore } from '@proxywatch/core/drivers/scan/redis-scan-store';
import { scanKeysOf } from '@proxywatch/core/drivers/scan/scan-keys';
import type { ScanStore } from '@proxywatch/core/ports/scan-store';
import { describeOnRedis, emptyRedis } from '../../support/redis-servers.ts';
import { tokenOf } from '../lease-store/lease-clock.ts';
import { PROXY, pendingOf } from './batches.ts';

describeOnRedis('what the scanner keeps of a proxy', (server) => {
  const { outbox, states, quarantine } = scanKeysOf(PROXY);
  let store: ScanStore;
  let token: string;
  const takeLease = async (memberId: string) => {
    const leases = createRedisLeaseStore(server().redis, { scope: 'scan' });
    return tokenOf(await leases.acquire(PROXY, { memberId, advertise: '' }, 60_000));
  };
  const commit = (state: string | undefined, ...ids: string[]) =>
    store.commit(PROXY, token, { collector: 'keyLogs', state, batches: ids.map((id) => pendingOf(id)) });
  const pendingIds = async () => (await store.load(PROXY, token)).batches.map(({ batch }) => batch.id);

  beforeEach(async () => {
    store = createRedisScanStore(server().redis);
    token = await takeLease('run-1');
  });

  test('is nothing at first', async () => {
    const nothing = { states: new Map(), batches: [], pendingBytes: 0, damaged: 0 };
    expect(await store.load(PROXY, token)).toEqual(nothing);
  });

  test('comes back as it was committed: states by collector, batches in their order', async () => {
    await commit('{"cursor":1}', 'z', 'a');
    await commit('{"cursor":2}', 'm');
    await store.commit(PROXY, token, { collector: 'slowSql', state: 'naïve 🦊', batches: [] });
    const scan = await store.load(PROXY, token);
    expect(scan.states).toEqual(
      new Map([
        ['slowSql', 'naïve 🦊'],
        ['keyLogs', '{"cursor":2}'],
      ]),
    );
    expect(scan.batches).toEqual([pendingOf('z'), pendingOf('a'), pendingOf('m')]);
    expect(scan.damaged).toBe(0);
    expect(scan.pendingBytes).toBeGreaterThan(0);
  });

  test('keeps its state when a commit brings none', async () => {
    await commit('before');
    await commit(undefined, 'a');
    expect((await store.load(PROXY, token)).states.get('keyLogs')).toBe('before');
  });

  test('keeps a batch until every sink has it', async () => {
    await commit('s', 'a', 'b');
    await store.settle(PROXY, token, 'a', ['kafka']);
    expect((await store.load(PROXY, token)).batches).toMatchObject([
      { pending: ['dcdb'] },
      { pending: ['kafka', 'dcdb'] },
    ]);
    await store.settle(PROXY, token, 'a', ['kafka']);
    await store.settle(PROXY, token, 'a', ['dcdb']);
    expect(await pendingIds()).toEqual(['b']);
    await store.settle(PROXY, token, 'b', ['dcdb', 'kafka']);
    await store.settle(PROXY, token, 'never-there', ['kafka']);
    expect(await store.load(PROXY, token)).toMatchObject({ batches: [], pendingBytes: 0 });
    expect(await server().redis.call('EXISTS', [outbox])).toBe(0);
  });

  test('counts the bytes that are pending, whatever comes and goes', async () => {
    await commit('s', 'a', 'b', 'c');
    const before = (await store.load(PROXY, token)).pendingBytes;
    await store.settle(PROXY, token, 'b', ['kafka', 'dcdb']);
    await store.settle(PROXY, token, 'c', ['kafka']);
    await commit('s', 'd');
    const counted = Number(await server().redis.call('HGET', [outbox, '#bytes']));
    const { pendingBytes } = await store.load(PROXY, token);
    expect(counted).toBe(pendingBytes);
    expect(pendingBytes).toBeLessThan(before);
  });

  test('has a batch once whose commit was repeated, and as far delivered as it was', async () => {
    await commit('s', 'a');
    await store.settle(PROXY, token, 'a', ['kafka']);
    await commit('s', 'a', 'b');
    expect((await store.load(PROXY, token)).batches).toEqual([
      { ...pendingOf('a'), pending: ['dcdb'] },
      pendingOf('b'),
    ]);
  });

  test('holds a batch of some megabytes among many small ones', async () => {
    const noise = randomBytes(1_500_000).toString('hex');
    const batches = [pendingOf('large', noise), ...Array.from({ length: 900 }, (_, i) => pendingOf(`small-${i}`))];
    await store.commit(PROXY, token, { collector: 'keyLogs', state: 's', batches });
    expect((await store.load(PROXY, token)).batches).toEqual(batches);
  });

  test('unfolds what an outage left behind one after the other, and not all at once', async () => {
    const batches = Array.from({ length: 8 }, (_, i) => pendingOf(`b${i}`, randomBytes(50_000).toString('hex')));
    await store.commit(PROXY, token, { collector: 'keyLogs', state: 's', batches });
    const loaded = (await store.load(PROXY, token)).batches;
    expect(loaded).toEqual(batches);
    const first = loaded.map(({ batch }) => batch);
    expect(loaded.filter(({ batch }, i) => batch === first[i])).toHaveLength(4);
  });

  describe('when too much is pending', () => {
    test.each([
      ['batches', { maxPendingBatches: 3 }],
      ['bytes', { maxPendingBytes: 700 }],
    ])(
      'by its %s, takes nothing of a commit that would be beyond, and all again when there is room',
      async (_, limits) => {
        store = createRedisScanStore(server().redis, limits);
        await commit('first', 'a', 'b');
        await expect(commit('second', 'c', 'd')).rejects.toMatchObject({ code: 'SINK_FULL', retryable: true });
        expect(await pendingIds()).toEqual(['a', 'b']);
        expect((await store.load(PROXY, token)).states.get('keyLogs')).toBe('first');
        await commit('a state is no batch');
        await store.settle(PROXY, token, 'a', ['kafka', 'dcdb']);
        await commit('second', 'c');
        expect(await pendingIds()).toEqual(['b', 'c']);
      },
    );

    test('takes a batch that is larger than all that may be pending when nothing else is', async () => {
      store = createRedisScanStore(server().redis, { maxPendingBytes: 10 });
      await commit('s', 'a');
      expect(await pendingIds()).toEqual(['a']);
    });
  });

  describe('is guarded by the scan lease:', () => {
    const calls = [
      () => store.load(PROXY, token),
      () => commit('late', 'late'),
      () => store.settle(PROXY, token, 'a', ['kafka', 'dcdb']),
    ];

    test('a run whose lease went to another one changes nothing', async () => {
      await commit('s', 'a');
      const successor = await takeLease('run-1');
      for (const call of [...calls, () => store.forget(PROXY, token)]) {
        await expect(call()).rejects.toMatchObject({ code: 'STORE_FENCED' });
      }
      const { states, batches } = await store.load(PROXY, successor);
      expect([states.get('keyLogs'), batches]).toEqual(['s', [pendingOf('a')]]);
    });

    test('a run notices that Redis came back empty, until it takes the lease again', async () => {
      await commit('s', 'a');
      await emptyRedis(server().redis);
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      expect(await server().redis.call('DBSIZE', [])).toBe(0);
      token = await takeLease('run-1');
      expect(await store.load(PROXY, token)).toMatchObject({ states: new Map(), batches: [] });
    });

    test("a gateway's lease on the same proxy is another one", async () => {
      const gateways = createRedisLeaseStore(server().redis);
      const held = await gateways.acquire(PROXY, { memberId: 'gateway', advertise: '' }, 60_000);
      expect(held.kind).toBe('acquired');
      await commit('s', 'a');
      expect(await gateways.renew(PROXY, tokenOf(held), 60_000)).toBe(true);
    });
  });

  describe('survives damage:', () => {
    const damage = async (id: string, record: string | Buffer) => {
      await server().redis.call('HSET', [outbox, id, record]);
    };
    const recordOf = async (id: string) =>
      (await server().redis.call('HGET', [outbox, id], { binary: true })) as Buffer;

    test('batches that cannot be read are set aside and counted, the others stand', async () => {
      await commit('s', 'a', 'b', 'c', 'd', 'e');
      await damage('a', 'nonsense');
      const changed = await recordOf('b');
      changed[changed.length - 12]! ^= 1;
      await damage('b', changed);
      await damage('c', await recordOf('d'));
      await damage('x', '1;9;unknown;');
      const scan = await store.load(PROXY, token);
      expect(scan.batches.map(({ batch }) => batch.id)).toEqual(['d', 'e']);
      expect(scan.damaged).toBe(4);
      const aside = (await server().redis.call('HKEYS', [quarantine])) as string[];
      expect(aside.toSorted()).toEqual(['batch:a', 'batch:b', 'batch:c', 'batch:x']);
      expect(await store.load(PROXY, token)).toMatchObject({ damaged: 0, pendingBytes: scan.pendingBytes });
    });

    test('a damaged batch can be settled and committed over', async () => {
      await commit('s', 'a');
      await damage('a', 'nonsense');
      await store.settle(PROXY, token, 'a', ['kafka', 'dcdb']);
      await commit('s', 'b');
      expect(await pendingIds()).toEqual(['b']);
    });

    test('counters of the outbox that are gone are counted anew, and new batches still follow the old', async () => {
      await commit('s', 'z', 'y');
      await server().redis.call('HDEL', [outbox, '#bytes', '#next']);
      await store.load(PROXY, token);
      await commit('s', 'a');
      expect(await pendingIds()).toEqual(['z', 'y', 'a']);
    });

    test('hashes that are no hashes go', async () => {
      await server().redis.call('SET', [outbox, 'x']);
      await server().redis.call('RPUSH', [states, 'x']);
      expect(await store.load(PROXY, token)).toMatchObject({ damaged: 2, batches: [] });
      await commit('s', 'a');
      expect(await pendingIds()).toEqual(['a']);
    });
  });

  test('is forgotten with the proxy, but the fence stands', async () => {
    await commit('s', 'a');
    await store.forget(PROXY, token);
    expect(await store.load(PROXY, token)).toMatchObject({ states: new Map(), batches: [] });
  });
});
