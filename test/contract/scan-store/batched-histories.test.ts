import { beforeEach, expect, test } from '@jest/globals';
import type { HistoryBatch } from '@proxywatch/core/domain/history/stored-history';
import { historyKeysOf } from '@proxywatch/core/drivers/history/redis-history-store';
import { createRedisLeaseStore } from '@proxywatch/core/drivers/lease/redis-lease-store';
import { createBatchedHistories } from '@proxywatch/core/drivers/scan/batched-histories';
import { createRedisScanStore } from '@proxywatch/core/drivers/scan/redis-scan-store';
import type { PendingBatch } from '@proxywatch/core/ports/scan-store';
import { describeOnRedis } from '../../support/redis-servers.ts';
import { tokenOf } from '../lease-store/lease-clock.ts';
import { PROXY, pendingOf } from './batches.ts';

const NOTHING = new Map<string, string>();

describeOnRedis('a history that is written with a batch', (server) => {
  let token: string;
  let batch: PendingBatch | undefined;
  const takeLease = async (memberId: string) => {
    const leases = createRedisLeaseStore(server().redis, { scope: 'scan' });
    return tokenOf(await leases.acquire(PROXY, { memberId, advertise: '' }, 60_000));
  };
  const histories = (maxPendingBatches = 10) =>
    createBatchedHistories(server().redis, { maxPendingBatches })(token, () => batch);
  const writeOf = (row: string, revision?: string, replaces: HistoryBatch['replaces'] = 'everything') => ({
    token,
    revision,
    readAgeMs: 0,
    batch: {
      replaces,
      meta: `meta of ${row}`,
      rows: new Map([[row, 'record']]),
      deletedRows: [],
      deletedSeries: [],
      series: NOTHING,
      errors: NOTHING,
    },
  });
  const pendingIds = async () =>
    (await createRedisScanStore(server().redis).load(PROXY, token)).batches.map(({ batch: { id } }) => id);
  const storedMeta = async () => (await histories().load(PROXY))?.meta;

  beforeEach(async () => {
    token = await takeLease('run-1');
    batch = undefined;
  });

  test('stands under keys of the scanner, beside the batch as a commit would write it', async () => {
    batch = pendingOf('a', 'naïve 🦊');
    expect(await histories().save(PROXY, writeOf('r1'))).toMatchObject({ kind: 'saved', storedRows: 1 });
    const { batches } = await createRedisScanStore(server().redis).load(PROXY, token);
    expect(batches).toEqual([batch]);
    expect(await server().redis.call('HGET', [historyKeysOf(PROXY, 'scan').rows, 'r1'])).toBe('record');
    expect(await server().redis.call('EXISTS', [historyKeysOf(PROXY).rows])).toBe(0);
  });

  test('needs no batch', async () => {
    expect(await histories().save(PROXY, writeOf('r1'))).toMatchObject({ kind: 'saved' });
    expect(await pendingIds()).toEqual([]);
  });

  test('takes a batch once, however often it is written', async () => {
    batch = pendingOf('a');
    const saved = await histories().save(PROXY, writeOf('r1'));
    const revision = saved.kind === 'saved' ? saved.revision : undefined;
    await histories().save(PROXY, writeOf('r2', revision, 'nothing'));
    expect(await pendingIds()).toEqual(['a']);
  });

  test('is not written when there is no room for the batch', async () => {
    batch = pendingOf('a');
    await histories().save(PROXY, writeOf('r1'));
    batch = pendingOf('b');
    await expect(histories(1).save(PROXY, writeOf('r2'))).rejects.toMatchObject({ code: 'SINK_FULL' });
    expect([await storedMeta(), await pendingIds()]).toEqual(['meta of r1', ['a']]);
  });

  test('leaves no batch behind when the store holds another state', async () => {
    await histories().save(PROXY, writeOf('r1'));
    batch = pendingOf('a');
    expect(await histories().save(PROXY, writeOf('r2', '1', 'nothing'))).toEqual({ kind: 'lost' });
    expect([await storedMeta(), await pendingIds()]).toEqual(['meta of r1', []]);
  });

  test('is refused, and its batch too, once another run has the proxy', async () => {
    await histories().save(PROXY, writeOf('r1'));
    batch = pendingOf('a');
    const late = histories();
    await createRedisLeaseStore(server().redis, { scope: 'scan' }).release(PROXY, token);
    const write = writeOf('r2');
    token = await takeLease('run-2');
    await expect(late.save(PROXY, write)).rejects.toMatchObject({ code: 'STORE_FENCED' });
    expect([await storedMeta(), await pendingIds()]).toEqual(['meta of r1', []]);
  });
});
