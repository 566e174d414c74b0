import { hash } from 'node:crypto';
import { ProxywatchError } from '../../../../domain/errors.ts';

/**
 * Where the rules of Proxywatch lie: 100000–199999, in the order in which they must be looked at. Rules of others with lower
 * ids come first, and one of those that applies ends the matter. Changing a number here moves rules on every proxy.
 *
 * 100000          offline: everything is refused
 * 100100          the longest execution
 * 101000–109999   addresses of the namespace: admitted ones, the refusal of all others (109900), the way on (109999)
 * 110000–139999   addresses of accounts: admitted ones, the refusals (130000), the way on (139999)
 * 140000–144999   schemas: admitted ones, the refusal of all others (144900), the way on (144999)
 * 145000–146999   statements that are counted;  147000–149999 statements that are refused
 * 150000–150099   read-only namespace;  151000–169999 read-only accounts, two rules each
 * 170000–199999   reads go to readers, two rules for each account
 */
export const RULE_IDS = {
  offline: 100_000,
  longestExecution: 100_100,
  addresses: { first: 101_000, last: 109_899, width: 1 },
  addressRefusal: 109_900,
  addressRejoin: 109_999,
  accountAddresses: { first: 110_000, last: 129_999, width: 1 },
  accountRefusals: { first: 130_000, last: 139_989, width: 1 },
  accountRejoin: 139_999,
  schemaExemption: 140_000,
  schemas: { first: 140_010, last: 144_899, width: 1 },
  schemaRefusal: 144_900,
  schemaRejoin: 144_999,
  observed: { first: 145_000, last: 146_999, width: 1 },
  denied: { first: 147_000, last: 149_999, width: 1 },
  readOnly: 150_000,
  readOnlyAccounts: { first: 151_000, last: 169_999, width: 2 },
  split: { first: 170_000, last: 199_999, width: 2 },
} as const;

/** Flags between the rules of a check that admits some; no others use numbers this high. */
export const FLAGS = { address: 100_001, accountAddress: 100_002, schema: 100_003 } as const;

/** A part of the ids, cut into slots of `width` ids. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
  readonly width: number;
}

/**
 * The first id of each entry's slot. A slot follows from the entry itself, and from others only where two want the same one:
 * an entry that comes or goes leaves all but its neighbours where they are. Throws UNPROCESSABLE when they do not fit.
 */
export function slotsOf(keys: Iterable<string>, range: SlotRange, what: string): ReadonlyMap<string, number> {
  const count = Math.floor((range.last + 1 - range.first) / range.width);
  const wanted = [...new Set(keys)].map((key) => ({ key, slot: slotOf(key, count) }));
  if (wanted.length > count) {
    throw new ProxywatchError('UNPROCESSABLE', `${wanted.length} rules for ${what}, and there is room for ${count}`);
  }
  wanted.sort((a, b) => a.slot - b.slot || (a.key < b.key ? -1 : 1));
  const taken = new Set<number>();
  const slots = new Map<string, number>();
  for (const { key, slot } of wanted) {
    let free = slot;
    while (taken.has(free)) free = (free + 1) % count;
    taken.add(free);
    slots.set(key, range.first + free * range.width);
  }
  return slots;
}

function slotOf(key: string, count: number): number {
  return hash('sha1', key, 'buffer').readUInt32BE() % count;
}
