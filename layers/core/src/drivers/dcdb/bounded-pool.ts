import type { MysqlPool, MysqlPoolConnection, MysqlQueryResult } from 'kysely';
import type { PoolConnection } from 'mysql2';
import { ProxywatchError } from '../../domain/errors.ts';
import type { ConnectionPool } from './rotating-pool.ts';

export interface PoolLimits {
  /** Longest wait for a free connection, its opening included. */
  readonly acquireTimeoutMs: number;
  /** Longest run of one statement, its whole result included. */
  readonly queryTimeoutMs: number;
  /** Sent once on each new connection, before anything else. */
  readonly sessionSetup: string;
}

/** Longest that a pool takes to end, where a connection is being opened or does not answer. */
const END_TIMEOUT_MS = 5_000;

type QueryCallback = (error: unknown, result: MysqlQueryResult) => void;

/**
 * mysql2's pool with a bound on every wait. What mysql2 itself calls a timeout is one of inactivity and leaves the
 * statement running on a connection that goes back to the pool; here a connection that was too slow is destroyed.
 */
export function boundedPool(pool: ConnectionPool, limits: PoolLimits): MysqlPool {
  // kysely tells connections apart by identity.
  const wrappers = new WeakMap<PoolConnection, MysqlPoolConnection>();
  return {
    getConnection(callback) {
      let waiting = true;
      const finish = (error: unknown, connection?: MysqlPoolConnection) => {
        if (!waiting) return false;
        waiting = false;
        clearTimeout(timer);
        callback(error, connection as MysqlPoolConnection);
        return true;
      };
      const timer = setTimeout(
        () => finish(timedOut('no free connection', limits.acquireTimeoutMs)),
        limits.acquireTimeoutMs,
      );
      pool.getConnection((error, connection) => {
        if (connection === undefined) return void finish(error);
        const known = wrappers.get(connection);
        if (known !== undefined) return void (finish(null, known) || connection.release());
        const wrapper = wrap(connection, limits.queryTimeoutMs);
        wrapper.query(limits.sessionSetup, [], (setupError) => {
          if (setupError !== null) {
            connection.destroy();
            return void finish(setupError);
          }
          wrappers.set(connection, wrapper);
          return void (finish(null, wrapper) || connection.release());
        });
      });
    },
    // A connection that was still being opened may fail now. Nobody waits for it any more, and gone is what it is to be.
    end(callback) {
      const timer = setTimeout(() => finish(), END_TIMEOUT_MS);
      const finish = once(() => {
        clearTimeout(timer);
        callback(null);
      });
      pool.end(() => finish());
    },
  };
}

function once(run: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) run();
    isDone = true;
  };
}

function wrap(connection: PoolConnection, queryTimeoutMs: number): MysqlPoolConnection {
  return {
    config: connection.config,
    threadId: connection.threadId ?? 0,
    connect: (callback) => connection.connect(callback),
    destroy: () => connection.destroy(),
    release: () => connection.release(),
    query(sql: string, parameters: unknown[], callback?: QueryCallback) {
      if (callback === undefined) throw new ProxywatchError('STORE_UNAVAILABLE', 'results are not streamed');
      let waiting = true;
      const finish: QueryCallback = (error, result) => {
        if (!waiting) return;
        waiting = false;
        clearTimeout(timer);
        callback(error, result);
      };
      const timer = setTimeout(() => {
        connection.destroy();
        finish(timedOut('the statement did not end', queryTimeoutMs), []);
      }, queryTimeoutMs);
      connection.query(sql, parameters, (error, result) => finish(error, result as unknown as MysqlQueryResult));
      return { stream: () => ({ [Symbol.asyncIterator]: () => [][Symbol.iterator]() }) };
    },
  };
}

function timedOut(what: string, timeoutMs: number): ProxywatchError {
  return new ProxywatchError('STORE_UNAVAILABLE', `dcdb: ${what} within ${timeoutMs} ms`, { service: 'dcdb' });
}
