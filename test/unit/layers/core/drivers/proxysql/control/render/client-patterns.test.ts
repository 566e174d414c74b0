import { BlockList } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { clientPatterns } from '../../../../../../../../layers/core/src/drivers/proxysql/control/render/client-patterns.ts';
import { fc } from '../../../../../../../support/properties.ts';

const patternsOf = (range: string) => {
  const made = clientPatterns(range);
  return made.kind === 'patterns' ? made.patterns : [];
};
/** As ProxySQL compares: whole, or up to the `%`. */
const admits = (patterns: readonly string[], address: string) =>
  patterns.some((pattern) => (pattern.endsWith('%') ? address.startsWith(pattern.slice(0, -1)) : address === pattern));

describe('an address or network in a rule', () => {
  test.each([
    ['10.0.0.7', ['10.0.0.7']],
    ['10.0.0.0/8', ['10.%']],
    ['192.168.2.0/24', ['192.168.2.%']],
    ['0.0.0.0/0', ['%']],
    ['10.4.0.0/15', ['10.4.%', '10.5.%']],
    ['10.0.0.4/30', ['10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.0.7']],
    ['::1', ['::1']],
    ['2001:0DB8:0:0:0:0:0:1', ['2001:db8::1']],
    ['::ffff:10.0.0.7', ['::ffff:10.0.0.7']],
    ['2001:db8::/32', ['2001:db8:%']],
    ['::/0', ['%']],
  ])('%s becomes %j', (range, patterns) => {
    expect(patternsOf(range)).toEqual(patterns);
  });

  test.each(['2001:db8::/33', '2001:0:1::/48', 'fe80::/10', 'db-1', '', "1.2.3.4'--"])(
    'cannot be told: %j',
    (range) => {
      expect(clientPatterns(range).kind).toBe('inexpressible');
    },
  );

  test('admits whom the network contains and nobody else, for all of IPv4', () => {
    const address = fc.tuple(...Array.from({ length: 4 }, () => fc.nat(255))).map((octets) => octets.join('.'));
    fc.assert(
      fc.property(address, fc.integer({ min: 0, max: 32 }), address, fc.nat(40), (network, length, other, flipped) => {
        const list = new BlockList();
        list.addSubnet(network, length, 'ipv4');
        const near = neighbour(network, flipped);
        for (const client of [network, other, near]) {
          expect(admits(patternsOf(`${network}/${length}`), client)).toBe(list.check(client, 'ipv4'));
        }
        expect(patternsOf(`${network}/${length}`).length).toBeLessThanOrEqual(128);
      }),
    );
  });
});

function neighbour(address: string, bit: number): string {
  const octets = address.split('.').map(Number);
  const at = Math.floor(bit / 8) % 4;
  octets[at] = (octets[at] ?? 0) ^ (1 << (bit % 8));
  return octets.join('.');
}
