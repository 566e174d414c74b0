import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { ModuleChecksum } from '@proxywatch/core/domain/proxy-state';
import { ProxyLink } from '../../collection/proxy-link.ts';
import { unknownDriver } from '../../collection/unknown-driver.ts';
import type { Run } from './create-collect.ts';

/** See CollectContext. */
export async function fetchChecksums(
  proxy: RegisteredProxy,
  {
    drivers,
    credentials,
    connectTimeoutMs,
    clock,
  }: Pick<Run, 'drivers' | 'credentials' | 'connectTimeoutMs' | 'clock'>,
  signal: AbortSignal,
): Promise<readonly ModuleChecksum[] | undefined> {
  const { adminCredentialRef } = proxy;
  if (adminCredentialRef === undefined) return undefined;
  const link = new ProxyLink({
    proxy: { ...proxy, statsCredentialRef: adminCredentialRef },
    driver: drivers.get(proxy.kind) ?? unknownDriver(proxy.kind),
    credentials,
    connectTimeoutMs,
    clock,
  });
  try {
    return await link.run(async (session) => (await session.fetchState(signal)).checksums, signal);
  } finally {
    await link.close();
  }
}
