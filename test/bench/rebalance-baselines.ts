import { fnv1a64, type Hash64, mix64 } from '../../layers/core/src/domain/ownership/hash64.ts';
import { rendezvousKey, rendezvousScore } from '../../layers/core/src/domain/ownership/rendezvous.ts';

/** Proxy id → slot name, by names alone: none of these knows weights or former owners. */
export type Strategy = (proxies: readonly string[], slots: readonly string[]) => ReadonlyMap<string, string>;

/** As the OpenTelemetry target allocator configures its ring. */
const PARTITIONS = 1_061;
const VIRTUAL_NODES = 5;
const PARTITIONS_OVER_MEAN = 1.1;

/** The original design: the hash of the id modulo the number of gateways. */
export const hashModulo: Strategy = (proxies, slots) =>
  new Map(proxies.map((id) => [id, slots[remainder(hashOf(id), slots.length)] ?? '']));

export const plainRendezvous: Strategy = (proxies, slots) => {
  const keyed = slots.map((name) => ({ name, key: rendezvousKey(name) }));
  return new Map(
    proxies.map((id) => {
      const proxy = rendezvousKey(id);
      const scored = keyed.map(({ name, key }) => ({ name, score: rendezvousScore(proxy, key) }));
      return [id, scored.reduce((a, b) => (b.score > a.score ? b : a)).name];
    }),
  );
};

/**
 * A model of the OpenTelemetry target allocator: proxies are hashed to partitions, and those go to the next virtual node on a
 * ring whose slot has less than 1.10 times the mean number of partitions. With our hash in place of xxHash.
 */
export const consistentHashing: Strategy = (proxies, slots) => {
  const ring = slots
    .flatMap((name) => Array.from({ length: VIRTUAL_NODES }, (_, i) => ({ name, at: positionOf(`${name}${i}`) })))
    .sort((a, b) => a.at - b.at);
  const limit = Math.ceil(Math.floor(PARTITIONS / slots.length) * PARTITIONS_OVER_MEAN);
  const held = new Map<string, number>();
  const owners = Array.from({ length: PARTITIONS }, (_, partition) => {
    const at = positionOf(`partition ${partition}`);
    const next = Math.max(
      0,
      ring.findIndex((node) => node.at >= at),
    );
    const owner = [...ring.slice(next), ...ring.slice(0, next)].find(({ name }) => (held.get(name) ?? 0) < limit)?.name;
    if (owner === undefined) throw new Error(`no room for partition ${partition}`);
    held.set(owner, (held.get(owner) ?? 0) + 1);
    return owner;
  });
  return new Map(proxies.map((id) => [id, owners[remainder(hashOf(id), PARTITIONS)] ?? '']));
};

function hashOf(text: string): Hash64 {
  return mix64(fnv1a64(text));
}

/** The upper 53 bits, which a number holds exactly. */
function positionOf(text: string): number {
  const { high, low } = hashOf(text);
  return high * 2 ** 21 + (low >>> 11);
}

function remainder({ high, low }: Hash64, divisor: number): number {
  return ((high % divisor) * (2 ** 32 % divisor) + low) % divisor;
}
