import { errorCodeOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import { startDeadline } from '@proxywatch/core/drivers/proxysql/deadline';
import type { ControlSession, ProxyControl } from '@proxywatch/core/ports/proxy-control';
import type { ApiDeps } from './api-deps.ts';

/** Proxies that one request speaks to at a time. */
const AT_ONCE = 8;

export interface SessionLimits {
  /** For connecting and all that is asked. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * What `work` makes of a session with the proxy's admin credential, which is closed afterwards. Rejects with PROXY_* errors
 * of the proxy, CREDENTIAL_MISSING without such a credential, and with the signal's reason.
 */
export async function withAdminSession<T>(
  { controls, credentials }: Pick<ApiDeps, 'controls' | 'credentials'>,
  proxy: RegisteredProxy,
  { timeoutMs, signal }: SessionLimits,
  work: (session: ControlSession, control: ProxyControl, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { id, kind, adminCredentialRef } = proxy;
  const control = controls.get(kind);
  if (control === undefined) throw new ProxywatchError('PROXY_UNSUPPORTED', `${id} is of the unknown kind ${kind}`);
  if (adminCredentialRef === undefined) {
    throw new ProxywatchError('CREDENTIAL_MISSING', `${id} is registered without an admin credential`);
  }
  const deadline = startDeadline(`speaking to ${id}`, timeoutMs, signal);
  let session: ControlSession | undefined;
  try {
    const credential = await credentials.fetchCredential(adminCredentialRef, deadline.signal);
    session = await control.connect(proxy, credential, { timeoutMs, signal: deadline.signal });
    return await work(session, control, deadline.signal);
  } finally {
    deadline.clear();
    await session?.close();
  }
}

/** What became of each, in the order given: what went wrong with one leaves the others alone. */
export type ProxyOutcome<T> =
  | { readonly proxy: string; readonly value: T }
  | { readonly proxy: string; readonly problem: string };

/** Does the work for each proxy, some at a time; errors become their codes, but when the caller gives up it rejects. */
export async function forEachProxy<P extends { readonly registration: RegisteredProxy }, T>(
  proxies: readonly P[],
  signal: AbortSignal,
  work: (proxy: P) => Promise<T>,
): Promise<readonly ProxyOutcome<T>[]> {
  const outcomes: ProxyOutcome<T>[] = [];
  // Workers that share one iterator.
  const queue = proxies.entries();
  async function next(): Promise<void> {
    for (const [index, proxy] of queue) {
      const { id } = proxy.registration;
      try {
        outcomes[index] = { proxy: id, value: await work(proxy) };
      } catch (error) {
        signal.throwIfAborted();
        const problem = errorCodeOf(error);
        if (problem === undefined) throw error;
        outcomes[index] = { proxy: id, problem };
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, proxies.length) }, next));
  return outcomes;
}
