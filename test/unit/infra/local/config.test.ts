import { describe, expect, test } from '@jest/globals';
import { labAddresses, parseLocalConfig } from '../../../../infra/local/config.ts';

describe('settings of a local run', () => {
  test('are the documented ports by default', () => {
    expect(parseLocalConfig({})).toMatchObject({
      REDIS_PORT: 16379,
      MARIADB_PORT: 13306,
      PROMETHEUS_PORT: 9090,
      GATEWAY_PORT: 9464,
      LAB_PORT: 16032,
    });
    expect(labAddresses(16032)).toEqual([
      { number: 1, adminPort: 16032, trafficPort: 16033 },
      { number: 2, adminPort: 16042, trafficPort: 16043 },
      { number: 3, adminPort: 16052, trafficPort: 16053 },
    ]);
  });

  test('take the addresses of brokers as they are written', () => {
    expect(parseLocalConfig({ KAFKA_BROKERS: 'a:1, [::1]:2' }).KAFKA_BROKERS).toBe('a:1,[::1]:2');
  });

  test('tell all problems at once', () => {
    const parse = () => parseLocalConfig({ REDIS_PORT: 'x', DCDB_URL: 'postgres://h/d', GATEWAY_PORT: '16043' });
    expect(parse).toThrow(/REDIS_PORT.*"x"/);
    expect(parse).toThrow(/DCDB_URL/);
    expect(parse).toThrow(/LAB_PORT: the lab proxies would take GATEWAY_PORT/);
  });
});
