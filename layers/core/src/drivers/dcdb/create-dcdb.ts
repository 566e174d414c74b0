import { Kysely, MysqlDialect } from 'kysely';
import { createPool } from 'mysql2';
import { configError } from '../../config/config-error.ts';
import { checkDcdbUrl, DCDB_URL_FORM } from '../../config/dcdb-url.ts';
import { boundedPool } from './bounded-pool.ts';
import { DcdbAdapter } from './dcdb-adapter.ts';
import type { LoginSource } from './login-source.ts';
import { tlsOptions } from './pool-tls.ts';
import { rotatingPool } from './rotating-pool.ts';
import type { DcdbTables } from './tables.ts';

export type Dcdb = Kysely<DcdbTables>;

export interface DcdbOptions {
  /** @default 10 */
  readonly maxConnections?: number;
  /** Callers that may wait for a connection; more are refused at once. @default 100 */
  readonly maxWaiting?: number;
  /** @default 5000 */
  readonly connectTimeoutMs?: number;
  /** Longest wait for a free connection. @default 10000 */
  readonly acquireTimeoutMs?: number;
  /** Longest run of one statement, on both sides. @default 10000 */
  readonly queryTimeoutMs?: number;
  /** PEM of the authority that signed the server's certificate, if the system does not know it; not with `?tls=rds`. */
  readonly tlsCa?: string;
  /** Who logs in, for a URL that names no user. */
  readonly login?: LoginSource;
}

/**
 * The DCDB at `mysql://user:password@host:port/database`; `?tls=true` asks for TLS with a checked certificate,
 * `?tls=rds` for one of Amazon's RDS. Connects at the first statement; `destroy()` ends it. Throws CONFIG_INVALID for a URL
 * that is none, and for one without a user when there is no `login`, or with one when there is.
 */
export function createDcdb(url: string, options: DcdbOptions = {}): Dcdb {
  const { maxConnections = 10, maxWaiting = 100, connectTimeoutMs = 5_000, tlsCa, login: logins } = options;
  const { acquireTimeoutMs = 10_000, queryTimeoutMs = 10_000 } = options;
  const checked = checkDcdbUrl(url);
  if ('problem' in checked) throw urlError(`${checked.problem}, expected ${DCDB_URL_FORM}`);
  const { host, port, login, database, tls } = checked.value;
  if (login === undefined && logins === undefined) throw urlError('has no user, and there is no secret with one');
  if (login !== undefined && logins !== undefined) throw urlError('has a user, and there is a secret with one');
  const limits = { acquireTimeoutMs, queryTimeoutMs, sessionSetup: sessionSetup(queryTimeoutMs) };
  // Made at the first statement: kysely ends no pool that it never used.
  const createBoundedPool = async () => {
    const pool = createPool({
      host,
      port,
      ...login,
      database,
      connectionLimit: maxConnections,
      queueLimit: maxWaiting,
      connectTimeout: connectTimeoutMs,
      idleTimeout: 60_000,
      maxIdle: Math.min(2, maxConnections),
      enableKeepAlive: true,
      charset: 'utf8mb4_unicode_ci',
      timezone: 'Z',
      supportBigNumbers: true,
      ...tlsOptions(tls, tlsCa),
    });
    return boundedPool(logins === undefined ? pool : rotatingPool(pool, logins), limits);
  };
  const dialect = new MysqlDialect({ pool: createBoundedPool });
  dialect.createAdapter = () => new DcdbAdapter();
  return new Kysely<DcdbTables>({ dialect });
}

function urlError(problem: string) {
  return configError('the DCDB URL', [`DCDB_URL: ${problem}`]);
}

/**
 * The server stops a statement that we gave up. MariaDB and MySQL name that limit, and the isolation level, differently:
 * each reads its own of the two version comments and skips the other. At `read committed` no statement locks gaps between
 * rows, in which many writers would meet in deadlocks; who needs to see one moment asks for another level.
 */
function sessionSetup(queryTimeoutMs: number): string {
  const lockWaitS = Math.max(1, Math.ceil(queryTimeoutMs / 2_000));
  return `set session time_zone = '+00:00',
    sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    innodb_lock_wait_timeout = ${lockWaitS}, lock_wait_timeout = ${lockWaitS}
    /*M!100101 , max_statement_time = ${queryTimeoutMs / 1_000}, tx_isolation = 'READ-COMMITTED' */
    /*!50720 , max_execution_time = ${queryTimeoutMs}, transaction_isolation = 'READ-COMMITTED' */`;
}
