import { messageOf, ProxywatchError } from '@proxywatch/core/domain/errors';
import { createConnection } from 'mysql2/promise';

const TIMEOUT_MS = 10_000;

/**
 * Reads the `_reset` twin of the digest table, which empties it for everybody, and answers how many rows it held.
 * Rejects with SERVICE_UNREACHABLE.
 */
export async function resetDigests(adminPort: number): Promise<number> {
  const login = { host: '127.0.0.1', port: adminPort, user: 'admin', password: 'admin', connectTimeout: TIMEOUT_MS };
  const connection = await createConnection(login).catch((error: unknown) => {
    throw unreachable(adminPort, error);
  });
  connection.on('error', () => undefined);
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(() => tooLate.reject(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  try {
    const sql = 'SELECT COUNT(*) FROM stats_mysql_query_digest_reset';
    const [rows] = await Promise.race([connection.query({ sql, rowsAsArray: true }), tooLate.promise]);
    return Number(Array.isArray(rows) && Array.isArray(rows[0]) ? rows[0][0] : Number.NaN);
  } catch (error) {
    throw unreachable(adminPort, error);
  } finally {
    clearTimeout(timer);
    connection.destroy();
  }
}

function unreachable(port: number, error: unknown): ProxywatchError {
  return new ProxywatchError('SERVICE_UNREACHABLE', `the admin port 127.0.0.1:${port} failed: ${messageOf(error)}`);
}
