import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { fleetSettings, gatewayAddresses, labAddresses, parseLocalConfig } from '../../../../infra/local/config.ts';

describe('settings of a local run', () => {
  test('are the documented ports by default', () => {
    expect(parseLocalConfig({})).toMatchObject({
      REDIS_PORT: 16379,
      MARIADB_PORT: 13306,
      PROMETHEUS_PORT: 9090,
      GATEWAY_PORT: 9464,
      GATEWAYS: 2,
      LAB_PORT: 16032,
    });
    expect(labAddresses(16032)).toEqual([
      { number: 1, adminPort: 16032, trafficPort: 16033 },
      { number: 2, adminPort: 16042, trafficPort: 16043 },
      { number: 3, adminPort: 16052, trafficPort: 16053 },
    ]);
    expect(gatewayAddresses(9464, 2)).toEqual([
      { id: 'gateway-1', port: 9464, address: '127.0.0.1:9464' },
      { id: 'gateway-2', port: 9465, address: '127.0.0.1:9465' },
    ]);
  });

  test('take the addresses of brokers as they are written', () => {
    expect(parseLocalConfig({ KAFKA_BROKERS: 'a:1, [::1]:2' }).KAFKA_BROKERS).toBe('a:1,[::1]:2');
  });

  test('of the fleet name no single gateway, so that one may join with them', () => {
    expect(fleetSettings(parseLocalConfig({ DIGEST_TOP_N: '7', GATEWAY_LEASE_MS: '3000' }))).toEqual({
      DIGEST_TOP_N: '7',
      REGISTRY_POLL_MS: '1000',
      GATEWAY_LEASE_MS: '3000',
      SLOT_GRACE_SECONDS: '3',
    });
  });

  test('leave every gateway a port that no lab proxy takes', () => {
    expect(() => parseLocalConfig({ GATEWAY_PORT: '16031' })).toThrow(/the lab proxies would take GATEWAY_PORT/);
    expect(() => parseLocalConfig({ GATEWAY_PORT: '65535' })).toThrow(/GATEWAY_PORT/);
  });

  test('are described in docs/configuration.md, one by one', () => {
    const page = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');
    const [, section = ''] = /^## Local run$([\s\S]*)/m.exec(page) ?? [];
    const documented = [...section.matchAll(/^\| (`.+?`) \|/gm)].flatMap(([, names = '']) => names.split(', '));
    const given = {
      REDIS_URL: 'redis://h',
      DCDB_URL: 'mysql://u@h/d',
      KAFKA_BROKERS: 'h:1',
      SKYEYE_URL: 'http://h',
      DBCONFIG_URL: 'http://h',
      GATEWAY_LEASE_MS: '3000',
    };
    expect(documented.toSorted()).toEqual(
      Object.keys(parseLocalConfig(given))
        .map((name) => `\`${name}\``)
        .toSorted(),
    );
  });

  test('tell all problems at once, those of the traffic included', () => {
    const env = { REDIS_PORT: 'x', DCDB_URL: 'postgres://h/d', GATEWAY_PORT: '16043', TRAFFIC_RATE: 'fast' };
    const parse = () => parseLocalConfig(env);
    expect(parse).toThrow(/TRAFFIC_RATE: "fast"/);
    expect(parse).toThrow(/REDIS_PORT.*"x"/);
    expect(parse).toThrow(/DCDB_URL/);
    expect(parse).toThrow(/LAB_PORT: the lab proxies would take GATEWAY_PORT/);
  });
});
