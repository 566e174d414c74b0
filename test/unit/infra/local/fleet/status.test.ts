import { describe, expect, test } from '@jest/globals';
import type { Member } from '@proxywatch/core/domain/ownership/membership';
import type { FleetRecords } from '@proxywatch/core/ports/fleet-observer';
import { renderStatus } from '../../../../../infra/local/fleet/status.ts';

function member(id: string, slot: string | undefined, holds: Record<string, number>, more: Partial<Member> = {}) {
  const rest = { heartbeatAgeMs: 400, isScraped: true, isDraining: false };
  return { id, slot, advertise: `${id}:9464`, holds, ...rest, ...more } satisfies Member;
}

const EMPTY: FleetRecords = {
  members: [],
  waitingSlots: [],
  plannerId: undefined,
  assignment: new Map(),
  assignmentAgeMs: undefined,
  pins: new Map(),
  drainedSlots: new Set(),
};

const owner = (memberId: string) => ({ memberId, advertise: `${memberId}:9464`, remainingMs: 14_200 });

describe('the status of a fleet', () => {
  test('is what an operator wants to see', () => {
    const records: FleetRecords = {
      members: [
        member('gateway-1', 'slot-1', { 'shop-1': 812, 'shop-2': 40 }),
        member('gateway-2', 'slot-2', {}, { heartbeatAgeMs: 12_345, isScraped: false, isDraining: true }),
        member('gateway-9', undefined, {}),
      ],
      waitingSlots: [{ name: 'slot-3', kind: 'left', waitedMs: 31_000, lastMemberId: 'gateway-3' }],
      plannerId: 'gateway-1',
      assignment: new Map([
        ['shop-1', 'slot-1'],
        ['shop-2', 'slot-2'],
        ['shop-3', 'slot-3'],
      ]),
      assignmentAgeMs: 200_000,
      pins: new Map([['shop-2', 'slot-2']]),
      drainedSlots: new Set(['slot-1']),
    };
    const owners = new Map([
      ['shop-1', owner('gateway-1')],
      ['shop-2', owner('gateway-1')],
    ]);
    expect(renderStatus({ records, proxyIds: ['shop-1', 'shop-2', 'shop-3'], owners })).toBe(
      [
        'MEMBER     SLOT     ADDRESS             HEARD  ASSIGNED  HOLDS  SERIES',
        'gateway-1  slot-1   gateway-1:9464  0.4 s ago         1      2     852  plans, drained',
        'gateway-2  slot-2   gateway-2:9464   12 s ago         1      0       0  leaving, nobody scrapes it',
        'gateway-9  standby  gateway-9:9464  0.4 s ago         0      0       0',
        '',
        'WAITING SLOT  WHY                          SINCE  LAST MEMBER  ASSIGNED',
        'slot-3        was left, keeps its proxies   31 s  gateway-3           1',
        '',
        'PROXY   ASSIGNED TO  OWNER      LEASE LEFT  SERIES',
        'shop-1  slot-1       gateway-1        14 s     812',
        'shop-2  slot-2       gateway-1        14 s      40  pinned to slot-2, moves',
        'shop-3  slot-3       NOBODY              -       -',
        '',
        'drained: slot-1',
        '',
        '3 members, gateway-1 plans; 3 proxies assigned 3 min ago; 2 of 3 proxies have an owner',
      ].join('\n'),
    );
  });

  test('says of an emptied Redis that nothing is there', () => {
    expect(renderStatus({ records: EMPTY, proxyIds: undefined, owners: new Map() })).toBe(
      [
        'no gateway is there',
        'there is no registry in Redis',
        '0 members, nobody plans; nothing was assigned yet; 0 of 0 proxies have an owner',
      ].join('\n\n'),
    );
  });

  test('names proxies that were retired and are still assigned', () => {
    const records = { ...EMPTY, assignment: new Map([['old', 'slot-1']]) };
    expect(renderStatus({ records, proxyIds: [], owners: new Map() })).toMatch(
      /^old .* NOBODY .* not in the registry$/m,
    );
  });

  test('counts what is assigned where proxies come from files', () => {
    const records = { ...EMPTY, assignment: new Map([['a', 'slot-1']]), assignmentAgeMs: 0 };
    const text = renderStatus({ records, proxyIds: undefined, owners: new Map([['a', owner('gateway-1')]]) });
    expect(text).toContain('1 of 1 proxies have an owner');
  });
});
