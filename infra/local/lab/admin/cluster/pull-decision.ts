import type { Checksum } from '../layers/checksums.ts';

/**
 * True when a peer's content should replace ours: it was loaded there (version above 1), it differs, and it is newer or
 * we have only just started. `pulledVersion`: the peer's version that our content came from, if it came from there; a
 * second LOAD on that peer within the same second is newer although its epoch is not.
 */
export function shouldPull(own: Checksum, peer: Checksum, pulledVersion: number | undefined): boolean {
  if (peer.version <= 1 || peer.checksum === own.checksum) return false;
  if (own.version === 1 || peer.epoch > own.epoch) return true;
  return peer.epoch === own.epoch && pulledVersion !== undefined && peer.version > pulledVersion;
}
