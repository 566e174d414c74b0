import { describe, expect, test } from '@jest/globals';
import { errorCodeOf } from '@proxywatch/core/domain/errors';
import { type Control, startControlServer } from '../../../../../infra/local/traffic/control-server.ts';

describe('the control port of the traffic', () => {
  const control: Control = { pause: async () => {}, resume: () => {}, status: () => ({ paused: false }) };

  test('answers a pause only once it is one', async () => {
    const gate = Promise.withResolvers<void>();
    const calls: string[] = [];
    const pause = async () => {
      calls.push('pause');
      await gate.promise;
      calls.push('paused');
    };
    const server = await startControlServer(0, { ...control, pause, status: () => ({ calls }) });
    const answered = fetch(`http://127.0.0.1:${server.port}/pause`, { method: 'POST' });
    while (calls.length === 0) await new Promise(setImmediate);
    gate.resolve();
    expect(await (await answered).json()).toEqual({ calls: ['pause', 'paused'] });
    await server.close();
  });

  test('refuses what it does not know, and changes by GET', async () => {
    const server = await startControlServer(0, control);
    const statusOf = async (path: string, method: string) =>
      (await fetch(`http://127.0.0.1:${server.port}${path}`, { method })).status;
    expect(await statusOf('/status', 'GET')).toBe(200);
    expect(await statusOf('/resume', 'POST')).toBe(200);
    expect(await statusOf('/pause', 'GET')).toBe(404);
    expect(await statusOf('/', 'GET')).toBe(404);
    await server.close();
  });

  test('says why when pausing fails', async () => {
    const pause = () => Promise.reject(new Error('stuck'));
    const server = await startControlServer(0, { ...control, pause });
    const response = await fetch(`http://127.0.0.1:${server.port}/pause`, { method: 'POST' });
    expect([response.status, await response.json()]).toEqual([500, { error: 'stuck' }]);
    await server.close();
  });

  test('names the variable when its port is taken', async () => {
    const first = await startControlServer(0, control);
    const error = await startControlServer(first.port, control).catch((caught: unknown) => caught);
    expect(errorCodeOf(error)).toBe('PORT_TAKEN');
    expect(String(error)).toContain('TRAFFIC_CONTROL_PORT');
    await first.close();
  });
});
