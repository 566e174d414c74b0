import { describe, expect, test } from '@jest/globals';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { ProxyRecord } from '@proxywatch/core/drivers/dcdb/proxies/proxy-records';
import type { RuntimeAnswer } from '../../../../../functions/api/proxies/proxy-fields.ts';
import {
  flat,
  proxyResource,
  registrationOf,
  withRuntime,
} from '../../../../../functions/api/proxies/proxy-resource.ts';

const REGISTRATION: RegisteredProxy = {
  id: 'shop-1',
  kind: 'proxysql',
  namespace: 'shop',
  adminHost: '10.0.0.7',
  adminPort: 6032,
  adminTls: true,
  statsCredentialRef: 'stats',
};
const RECORD: ProxyRecord = {
  registration: REGISTRATION,
  managed: false,
  region: 'eu',
  zone: '',
  labels: { tier: '1' },
  state: 'registered',
  revision: 3,
  createdAt: new Date(0),
  updatedAt: new Date(1),
};

test('a registration and its flat form are one another', () => {
  const whole = { ...REGISTRATION, trafficHost: 'db.shop', trafficPort: 6033, adminCredentialRef: 'admin' };
  for (const registration of [REGISTRATION, whole]) expect(registrationOf(flat(registration))).toEqual(registration);
  expect(flat(REGISTRATION)).toMatchObject({ trafficHost: null, trafficPort: null, adminCredentialRef: null });
});

describe('the state that is shown', () => {
  const shown = (state: string, reachable: boolean | null) =>
    withRuntime(proxyResource({ ...RECORD, state }), { reachable } as RuntimeAnswer).state;

  test.each<[string, boolean | null, string]>([
    ['registered', true, 'online'],
    ['registered', false, 'unreachable'],
    ['registered', null, 'registered'],
    ['online', false, 'unreachable'],
    ['unreachable', true, 'online'],
    ['unreachable', null, 'unreachable'],
    ['paused', true, 'paused'],
    ['draining', false, 'draining'],
    ['retired', true, 'retired'],
  ])('of one that is %s, with the scanner saying reachable: %s, is %s', (state, reachable, expected) => {
    expect(shown(state, reachable)).toBe(expected);
  });

  test('of a later version counts as one that nobody decided about', () => {
    expect(proxyResource({ ...RECORD, state: 'hibernating' }).state).toBe('registered');
  });
});
