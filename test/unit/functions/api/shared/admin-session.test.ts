import { describe, expect, test } from '@jest/globals';
import { ProxywatchError } from '@proxywatch/core/domain/errors';
import type { RegisteredProxy } from '@proxywatch/core/domain/proxy';
import type { CredentialSource } from '@proxywatch/core/ports/credential-source';
import type { ControlSession, ProxyControl } from '@proxywatch/core/ports/proxy-control';
import { forEachProxy, withAdminSession } from '../../../../../functions/api/shared/admin-session.ts';

const PROXY: RegisteredProxy = {
  id: 'lab-1',
  kind: 'test',
  namespace: 'shop',
  adminHost: '127.0.0.1',
  adminPort: 1,
  adminTls: false,
  statsCredentialRef: 'stats',
  adminCredentialRef: 'admin',
};
const LIMITS = { timeoutMs: 60_000, signal: new AbortController().signal };

/** A control whose sessions can be closed and nothing else. */
function closable() {
  const state = { opened: 0, closed: 0, credentials: [] as string[] };
  const session = {
    async close() {
      state.closed += 1;
    },
  } as ControlSession;
  const connect: ProxyControl['connect'] = async (_, { user }) => {
    state.opened += 1;
    state.credentials.push(user);
    return session;
  };
  const control = { kind: 'test', connect } as ProxyControl;
  const credentials: CredentialSource = { fetchCredential: async (ref) => ({ user: ref, password: 'secret' }) };
  return { state, deps: { controls: new Map([['test', control]]), credentials } };
}

describe('a session with the admin credential', () => {
  test('is opened for the work and closed after it', async () => {
    const { state, deps } = closable();
    const found = await withAdminSession(deps, PROXY, LIMITS, async () => state.closed);
    expect([found, state]).toEqual([0, { opened: 1, closed: 1, credentials: ['admin'] }]);
  });

  test('is closed when the work fails', async () => {
    const { state, deps } = closable();
    const failing = withAdminSession(deps, PROXY, LIMITS, () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(state.closed).toBe(1);
  });

  test('is not opened without such a credential, or for a kind that is not known', async () => {
    const { state, deps } = closable();
    const { adminCredentialRef: _, ...watched } = PROXY;
    const work = () => Promise.reject(new Error('it was opened'));
    await expect(withAdminSession(deps, watched, LIMITS, work)).rejects.toMatchObject({ code: 'CREDENTIAL_MISSING' });
    const foreign = { ...PROXY, kind: 'other' };
    await expect(withAdminSession(deps, foreign, LIMITS, work)).rejects.toMatchObject({ code: 'PROXY_UNSUPPORTED' });
    expect(state.opened).toBe(0);
  });

  test('ends at its time limit, wherever it waits', async () => {
    const { deps } = closable();
    const hanging: CredentialSource = {
      fetchCredential: (_, signal) =>
        new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    };
    const limits = { ...LIMITS, timeoutMs: 20 };
    const waiting = withAdminSession({ ...deps, credentials: hanging }, PROXY, limits, async () => undefined);
    await expect(waiting).rejects.toMatchObject({ code: 'PROXY_TIMEOUT' });
  });
});

describe('work for many proxies', () => {
  const proxies = Array.from({ length: 20 }, (_, i) => ({ registration: { ...PROXY, id: `lab-${i}` } }));

  test('is done some at a time, and told in their order', async () => {
    let running = 0;
    let most = 0;
    const outcomes = await forEachProxy(proxies, LIMITS.signal, async ({ registration }) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise(setImmediate);
      running -= 1;
      return registration.id;
    });
    expect(outcomes).toEqual(proxies.map(({ registration: { id } }) => ({ proxy: id, value: id })));
    expect(most).toBe(8);
  });

  test('goes on with the others where one fails, and tells the code', async () => {
    const outcomes = await forEachProxy(proxies.slice(0, 3), LIMITS.signal, async ({ registration: { id } }) => {
      if (id === 'lab-1') throw new ProxywatchError('PROXY_UNREACHABLE', 'connect ECONNREFUSED 10.0.0.1:6032');
      return 1;
    });
    expect(outcomes).toEqual([
      { proxy: 'lab-0', value: 1 },
      { proxy: 'lab-1', problem: 'PROXY_UNREACHABLE' },
      { proxy: 'lab-2', value: 1 },
    ]);
  });

  test('ends when the caller gives up, and at a mistake of ours', async () => {
    const given = new AbortController();
    const abandoned = forEachProxy(proxies, given.signal, async () => {
      given.abort(new ProxywatchError('CANCELLED', 'too late'));
      throw new ProxywatchError('PROXY_TIMEOUT', 'late');
    });
    await expect(abandoned).rejects.toMatchObject({ code: 'CANCELLED' });
    const broken = forEachProxy(proxies, LIMITS.signal, () => Promise.reject(new TypeError('x is not a function')));
    await expect(broken).rejects.toThrow(TypeError);
  });
});
