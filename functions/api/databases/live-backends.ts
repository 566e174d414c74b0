import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { BackendStatus } from '@proxywatch/core/domain/proxy-status';
import type { ApiDeps } from '#api/api-deps';

const TIMEOUT_MS = 5_000;

/** The servers of a proxy as its connection pool sees them now, over a connection of its own. Rejects with PROXY_* errors. */
export async function fetchLiveBackends(
  { drivers, credentials }: Pick<ApiDeps, 'drivers' | 'credentials'>,
  proxy: RegisteredProxy,
  signal: AbortSignal,
): Promise<readonly BackendStatus[]> {
  const driver = drivers.get(proxy.kind);
  if (driver === undefined) throw new ProxywatchError('PROXY_UNSUPPORTED', `${proxy.id} is of an unknown kind`);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const credential = await credentials.fetchCredential(proxy.statsCredentialRef, limit);
  const session = await driver.connect(proxy, credential, { timeoutMs: TIMEOUT_MS, signal: limit });
  try {
    return (await session.fetchStatus(limit)).backends;
  } finally {
    await session.close();
  }
}
