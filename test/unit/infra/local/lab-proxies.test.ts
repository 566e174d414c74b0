import { expect, test } from '@jest/globals';
import { labAddresses } from '../../../../infra/local/config.ts';
import { LAB_CREDENTIALS, labName, peersOf, registrationOf } from '../../../../infra/local/lab-proxies.ts';
import { registeredProxy } from '../../../../layers/core/src/config/registered-proxy.ts';

const labs = labAddresses(16032);

test('the first two lab proxies are peers, the third stands alone', () => {
  expect(labs.map((lab) => peersOf(lab, labs).map(labName))).toEqual([['lab-2'], ['lab-1'], []]);
});

test('lab proxies are registered with credentials that exist', () => {
  for (const proxy of labs.map(registrationOf)) {
    expect(registeredProxy.parse(proxy)).toEqual(proxy);
    expect(Object.keys(LAB_CREDENTIALS)).toEqual(
      expect.arrayContaining([proxy.statsCredentialRef, proxy.adminCredentialRef]),
    );
  }
});
