import { parseProxies } from '../../config/proxies-file.ts';
import type { ProxyRegistry, RegistrySnapshot } from '../../ports/proxy-registry.ts';
import { createWatchedFile } from '../files/watched-file.ts';
import { sortedById, versionOf } from './registry-version.ts';

/**
 * The registry of a set-up without the API: PROXIES_FILE, read again when it changed. A broken edit keeps the last good
 * list and shows as the snapshot's `problem`; rejects with CONFIG_INVALID while there was no good one yet.
 */
export function createFileRegistry(path: string): ProxyRegistry {
  const file = createWatchedFile<RegistrySnapshot>(path, (text) => {
    const proxies = sortedById(parseProxies(text, path));
    return { version: versionOf(proxies), proxies, damaged: [] };
  });
  return {
    async fetchProxies(signal) {
      const { value, problem } = await file.read(signal);
      return problem === undefined ? value : { ...value, problem };
    },
  };
}
