import { expect, test } from '@jest/globals';
import { shouldPull } from '../../../../../../../infra/local/lab/admin/cluster/pull-decision.ts';

const A = { version: 5, epoch: 100, checksum: '0xA' };
const B = { version: 3, epoch: 100, checksum: '0xB' };

test.each([
  ['the peer loaded later', A, { ...B, epoch: 101 }, undefined, true],
  ['the peer loaded earlier', A, { ...B, epoch: 99 }, undefined, false],
  ['both have the same', A, { ...B, epoch: 101, checksum: '0xA' }, undefined, false],
  ['the peer only started', A, { ...B, epoch: 101, version: 1 }, undefined, false],
  ['we only started', { ...A, version: 1 }, { ...B, epoch: 50 }, undefined, true],
  ['both loaded in one second', A, B, undefined, false],
  ['the peer we follow loaded again in the same second', A, { ...B, version: 4 }, 3, true],
  ['the peer we follow has not moved', A, B, 3, false],
])('%s', (_name, own, peer, pulledVersion, pull) => {
  expect(shouldPull(own, peer, pulledVersion)).toBe(pull);
});
