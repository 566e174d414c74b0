import type { PublishOutcome, RegistryPublisher } from '../../ports/proxy-registry.ts';
import type { Dcdb } from '../dcdb/create-dcdb.ts';
import { fetchRegistryEdition } from '../dcdb/proxy-repository.ts';

/**
 * Publishes the proxies of the DCDB. Run it after each change, and again from time to time: it costs little when nothing
 * changed, and puts the registry back after Redis was emptied.
 */
export async function publishRegistry(
  db: Dcdb,
  registry: RegistryPublisher,
  signal?: AbortSignal,
): Promise<PublishOutcome> {
  return registry.publish(await fetchRegistryEdition(db, signal), signal);
}
