import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { ProxyCapabilities } from '@proxywatch/core/ports/proxy-driver';
import type { z } from 'zod';
import { withAdminSession } from '#api/admin-session';
import type { ApiDeps } from '#api/api-deps';
import { noAdminInterface, unknownKind, whoIsToBlame } from './probe-problems.ts';
import type { probeAnswer } from './proxy-fields.ts';

/** For connecting and all that is asked, with each of the two credentials. */
const TIMEOUT_MS = 5_000;

export type Probe = z.infer<typeof probeAnswer>;
type ProbeDeps = Pick<ApiDeps, 'drivers' | 'controls' | 'credentials'>;

/**
 * Tries a registration out: connects with the credential for collecting, and with the one for changes if there is one.
 * Throws UNPROCESSABLE with the field that is to blame.
 */
export async function probeProxy(deps: ProbeDeps, proxy: RegisteredProxy, signal: AbortSignal): Promise<Probe> {
  const found = await whoIsToBlame(proxy, 'statsCredentialRef', signal, () => probeStats(deps, proxy, signal));
  if (proxy.adminCredentialRef === undefined) return found;
  const clusterPeers = await whoIsToBlame(proxy, 'adminCredentialRef', signal, () =>
    withAdminSession(deps, proxy, { timeoutMs: TIMEOUT_MS, signal }, async (session, _, limit) => {
      return (await session.fetchFacts(limit)).clusterPeers.length;
    }),
  );
  return { ...found, mayBeChanged: true, clusterPeers };
}

async function probeStats(deps: ProbeDeps, proxy: RegisteredProxy, signal: AbortSignal): Promise<Probe> {
  const driver = deps.drivers.get(proxy.kind);
  if (driver === undefined) throw unknownKind();
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const credential = await deps.credentials.fetchCredential(proxy.statsCredentialRef, limit);
  const session = await driver.connect(proxy, credential, { timeoutMs: TIMEOUT_MS, signal: limit });
  try {
    const { version, reasons = {} } = session.capabilities;
    const capabilities = flagsOf(session.capabilities);
    // A plain MySQL server would let somebody in, too.
    if (!capabilities.digests && !capabilities.backends) throw noAdminInterface(proxy.kind);
    const { uptimeS, clusterPeers } = await session.fetchState(limit);
    return {
      version,
      uptimeSeconds: uptimeS,
      capabilities,
      missing: { ...reasons },
      mayBeChanged: null,
      clusterPeers: clusterPeers?.length ?? null,
    };
  } finally {
    await session.close();
  }
}

function flagsOf({ version: _, reasons: __, ...capabilities }: ProxyCapabilities) {
  return capabilities;
}
