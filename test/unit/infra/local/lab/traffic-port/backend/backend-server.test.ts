import { describe, expect, test } from '@jest/globals';
import { BackendServer } from '../../../../../../../infra/local/lab/traffic-port/backend/backend-server.ts';
import { chooseServer } from '../../../../../../../infra/local/lab/traffic-port/backend/connection-choice.ts';
import { fakeLabClock } from '../../../../../../support/fake-lab-clock.ts';

const CONFIG = { hostgroup: 10, host: '127.0.0.1', port: 3306, status: 'ONLINE', weight: 1, maxConnections: 10 };
const SETTINGS = { shunOnFailures: 5, shunRecoveryMs: 10_000 };

function failing(times: number, clock = fakeLabClock()) {
  const server = new BackendServer(CONFIG, clock);
  for (let i = 0; i < times; i += 1) server.noteFailure(SETTINGS);
  return server;
}

describe('a back end', () => {
  test('is shunned after as many failures in a second as the variable says, and comes back in time', () => {
    const clock = fakeLabClock();
    expect(failing(4, clock).status(SETTINGS)).toBe('ONLINE');
    const server = failing(5, clock);
    expect(server.status(SETTINGS)).toBe('SHUNNED');
    clock.advance(9_999);
    expect(server.status(SETTINGS)).toBe('SHUNNED');
    clock.advance(1);
    expect(server.status(SETTINGS)).toBe('ONLINE');
  });

  test('is not shunned by failures that are seconds apart', () => {
    const clock = fakeLabClock();
    const server = new BackendServer(CONFIG, clock);
    for (let i = 0; i < 10; i += 1) {
      server.noteFailure(SETTINGS);
      clock.advance(1_001);
    }
    expect(server.status(SETTINGS)).toBe('ONLINE');
  });

  test("is shunned while it misses the monitor's pings", () => {
    const server = new BackendServer(CONFIG, fakeLabClock());
    server.noteMonitored(false);
    expect(server.status(SETTINGS)).toBe('SHUNNED');
    server.noteMonitored(true);
    expect(server.status(SETTINGS)).toBe('ONLINE');
  });

  test('is ONLINE again after a LOAD, until it fails again', () => {
    const server = failing(5);
    server.reload(CONFIG);
    expect(server.status(SETTINGS)).toBe('ONLINE');
  });

  test('shows a configured status as it is', () => {
    const server = failing(5);
    server.reload({ ...CONFIG, status: 'OFFLINE_SOFT' });
    expect(server.status(SETTINGS)).toBe('OFFLINE_SOFT');
  });

  test('loses its counters on a reset and nothing else', () => {
    const server = failing(2);
    server.noteConnected();
    server.noteQuery(100, 2000);
    expect(server.poolRow(SETTINGS).slice(4, 13)).toEqual([0, 0, 1, 2, 0, 1, 0, 100, 2000]);
    server.resetCounters();
    expect(server.poolRow(SETTINGS)).toEqual([10, '127.0.0.1', 3306, 'ONLINE', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });
});

describe('the choice among back ends', () => {
  const clock = fakeLabClock();
  const server = (fields: Partial<typeof CONFIG>) => new BackendServer({ ...CONFIG, ...fields }, clock);

  test('follows the weights', () => {
    const servers = [server({ port: 1, weight: 1 }), server({ port: 2, weight: 3 })];
    const ports = [0, 0.24, 0.26, 0.99].map((at) => chooseServer(servers, 10, SETTINGS, at)?.config.port);
    expect(ports).toEqual([1, 1, 2, 2]);
  });

  test('leaves out other hostgroups, weight 0, servers that are not ONLINE and full ones', () => {
    const servers = [
      server({ hostgroup: 20 }),
      server({ weight: 0 }),
      server({ status: 'OFFLINE_SOFT' }),
      server({ maxConnections: 0 }),
    ];
    expect(chooseServer(servers, 10, SETTINGS, 0)).toBeUndefined();
  });
});
