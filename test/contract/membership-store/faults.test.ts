import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { createRedis } from '@proxywatch/core/drivers/redis/create-redis';
import { pickFreePort } from '../../../infra/local/services/ports.ts';
import { startRedis } from '../../../infra/local/services/redis.ts';
import { failureOf } from '../../support/redis-servers.ts';
import { Gateway, slotsOf } from './fleet.ts';

describe('a fleet whose Redis fails', () => {
  test('is told so while nothing listens, and goes on with its slots once something does', async () => {
    const port = await pickFreePort();
    const redis = createRedis(`redis://127.0.0.1:${port}`, { maxRetryDelayMs: 50 });
    const [a, b] = [new Gateway(redis, 'a', 2), new Gateway(redis, 'b', 2)];
    expect(errorCodeOf(await failureOf(a.beat()))).toBe('STORE_UNAVAILABLE');
    const first = await startRedis({ port });
    await heard(a);
    await heard(b);
    await first.stop();
    expect(errorCodeOf(await failureOf(b.beat()))).toBe('STORE_UNAVAILABLE');
    expect(errorCodeOf(await failureOf(a.leave()))).toBe('STORE_UNAVAILABLE');
    const second = await startRedis({ port });
    expect(slotsOf(await heard(b))).toEqual({ b: 'slot-2' });
    expect(slotsOf(await heard(a))).toEqual({ a: 'slot-1', b: 'slot-2' });
    await redis.close();
    await second.stop();
  });

  test('is told so by a Redis that accepts and never answers, or when the caller gives up', async () => {
    const mute = createServer((socket) => socket.on('error', () => undefined).resume()).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const url = `redis://127.0.0.1:${(mute.address() as AddressInfo).port}?cluster=false`;
    const impatient = createRedis(url, { commandTimeoutMs: 100 });
    expect(errorCodeOf(await failureOf(new Gateway(impatient, 'a', 1).beat()))).toBe('STORE_UNAVAILABLE');
    const patient = createRedis(url);
    const { store, heartbeat } = new Gateway(patient, 'a', 1);
    const reason = new Error('enough');
    const options = { timeoutMs: 1, slotGraceMs: 1, slots: 1 };
    expect(await failureOf(store.heartbeat(heartbeat, options, AbortSignal.abort(reason)))).toBe(reason);
    await Promise.all([impatient.close(), patient.close()]);
    mute.close();
  });
});

/** The first heartbeat that gets through. */
async function heard(gateway: Gateway) {
  for (let attempt = 0; attempt < 50; attempt++) {
    const view = await gateway.beat().catch(() => undefined);
    if (view) return view;
  }
  throw new Error('Redis does not come back');
}
