import { describe, expect, test } from '@jest/globals';
import { type GroupCandidate, syncGroups } from '../../../../../../layers/core/src/domain/control/sync-groups.ts';
import { fc } from '../../../../../support/properties.ts';

function proxy(id: string, peers: readonly string[] = [], more: Partial<GroupCandidate> = {}): GroupCandidate {
  return {
    id,
    namespace: 'shop',
    adminHost: `${id}.example`,
    adminPort: 6032,
    managed: true,
    peers: peers.map((peer) => ({ host: `${peer}.example`, port: 6032 })),
    ...more,
  };
}

describe('sync groups', () => {
  test('are connected by peers, whichever side names the other', () => {
    const groups = syncGroups([proxy('a', ['b']), proxy('b'), proxy('c'), proxy('d', ['b'])], 'shop');
    expect(groups.map(({ id, members, refusals }) => [id, members, refusals])).toEqual([
      ['a', ['a', 'b', 'd'], []],
      ['c', ['c'], []],
    ]);
  });

  test('split the proxies of a namespace: each is in exactly one', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    fc.assert(
      fc.property(fc.array(fc.subarray(ids), { minLength: 6, maxLength: 6 }), (peers) => {
        const groups = syncGroups(
          ids.map((id, i) => proxy(id, peers[i])),
          'shop',
        );
        expect(groups.flatMap(({ members }) => members).toSorted()).toEqual(ids);
        for (const [i, id] of ids.entries()) {
          const group = groups.find(({ members }) => members.includes(id));
          expect(group?.members).toEqual(expect.arrayContaining(peers[i] ?? []));
        }
      }),
    );
  });

  test('with a member that is not managed, of another namespace or not registered are refused', () => {
    const refusals = (...all: GroupCandidate[]) => syncGroups(all, 'shop').flatMap((group) => group.refusals);
    expect(refusals(proxy('a', ['b']), proxy('b', [], { managed: false }))).toEqual([
      'b pulls the same configuration and is not managed',
    ]);
    expect(refusals(proxy('a', ['b']), proxy('b', [], { namespace: 'crm' }))).toEqual([
      'b pulls the same configuration and belongs to the namespace crm',
    ]);
    expect(refusals(proxy('a', ['unknown']))).toEqual(['a syncs with unknown.example:6032, which is not registered']);
  });

  test('of proxies that nobody manages are watched, and refuse nothing', () => {
    expect(syncGroups([proxy('a', ['x'], { managed: false })], 'shop')).toEqual([
      { id: 'a', members: ['a'], kind: 'watched', refusals: [] },
    ]);
  });
});
