import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { ProxyRecord } from '@proxywatch/core/drivers/dcdb/proxy-repository';
import type { CredentialSource } from '@proxywatch/core/ports/credential-source';
import type { ControlSession, ProxyControl } from '@proxywatch/core/ports/proxy-control';

export interface SessionSource {
  readonly controls: ReadonlyMap<string, ProxyControl>;
  readonly credentials: CredentialSource;
  readonly times: { readonly connectMs: number };
}

/** One connection to each of some proxies, opened when first asked for and again when it broke. */
export interface MemberSessions {
  controlOf(proxyId: string): ProxyControl;
  get(proxyId: string, signal: AbortSignal): Promise<ControlSession>;
  close(): Promise<void>;
}

export function createMemberSessions(source: SessionSource, proxies: readonly ProxyRecord[]): MemberSessions {
  const records = new Map(proxies.map((proxy) => [proxy.registration.id, proxy]));
  const sessions = new Map<string, ControlSession>();

  function find(proxyId: string): { record: ProxyRecord; control: ProxyControl } {
    const record = records.get(proxyId);
    if (record === undefined) throw new ProxywatchError('CONFLICT', `${proxyId} is not registered any more`);
    const control = source.controls.get(record.registration.kind);
    if (control !== undefined) return { record, control };
    throw new ProxywatchError(
      'PROXY_UNSUPPORTED',
      `${proxyId} is of kind ${record.registration.kind}, which cannot be changed`,
    );
  }

  return {
    controlOf: (proxyId) => find(proxyId).control,
    async get(proxyId, signal) {
      const open = sessions.get(proxyId);
      if (open !== undefined && !open.closed) return open;
      const { record, control } = find(proxyId);
      const ref = record.registration.adminCredentialRef;
      if (ref === undefined) throw new ProxywatchError('CREDENTIAL_MISSING', `${proxyId} has no adminCredentialRef`);
      const credential = await source.credentials.fetchCredential(ref, signal);
      const session = await control.connect(record.registration, credential, {
        timeoutMs: source.times.connectMs,
        signal,
      });
      sessions.set(proxyId, session);
      return session;
    },
    async close() {
      // A connection that cannot even be closed is nobody's any more.
      await Promise.allSettled([...sessions.values()].map((session) => session.close()));
    },
  };
}
