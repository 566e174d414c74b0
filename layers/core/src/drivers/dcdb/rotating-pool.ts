import type { Pool, PoolConnection } from 'mysql2';
import { messageOf, ProxywatchError } from '../../domain/errors.ts';
import type { Credential } from '../../domain/proxy.ts';
import type { LoginSource } from './login-source.ts';

/** What is used of mysql2's pool. */
export interface ConnectionPool {
  getConnection(callback: (error: unknown, connection?: PoolConnection) => void): void;
  end(callback: (error: unknown) => void): void;
}

/** mysql2 gives each new connection a copy of it, and does not type it. */
interface PoolInternals {
  readonly config: { readonly connectionConfig: { user: string; password: string } };
}

const DENIED = new Set(['ER_ACCESS_DENIED_ERROR', 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR']);

/**
 * A pool whose new connections log in with the login of the moment. One that is refused gets one more try, with what the
 * source says anew; connections that are open are not asked again by the server, and stay.
 */
export function rotatingPool(pool: Pool, logins: LoginSource): ConnectionPool {
  const { connectionConfig } = (pool as unknown as PoolInternals).config;
  const open = (login: Credential) => {
    Object.assign(connectionConfig, login);
    return new Promise<PoolConnection>((resolve, reject) => {
      pool.getConnection((error, connection) => (error === null ? resolve(connection) : reject(error)));
    });
  };

  async function connect(): Promise<PoolConnection> {
    const login = await logins.fetchLogin().catch(noLogin);
    try {
      return await open(login);
    } catch (error) {
      if (!isDenied(error)) throw error;
      const next = await logins.fetchNext(login).catch(noLogin);
      if (next.user === login.user && next.password === login.password) throw error;
      return await open(next);
    }
  }

  return {
    getConnection(callback) {
      connect().then(
        (connection) => callback(null, connection),
        (error: unknown) => callback(error),
      );
    },
    end: (callback) => pool.end(callback),
  };
}

function noLogin(error: unknown): never {
  throw new ProxywatchError('STORE_UNAVAILABLE', `dcdb: no login: ${messageOf(error)}`, { service: 'dcdb' });
}

function isDenied(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && DENIED.has(String(error.code));
}
