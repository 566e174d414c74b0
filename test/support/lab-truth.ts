import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createConnection, type RowDataPacket } from 'mysql2/promise';

const CLI = fileURLToPath(new URL('../../infra/local/lab/cli.ts', import.meta.url));

/** `npm run lab -- …` without npm. */
export async function lab(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<void> {
  await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', CLI, ...args], { env });
}

export interface DigestTruth {
  readonly hostgroup: string;
  readonly schema: string;
  readonly user: string;
  readonly digest: string;
  readonly executions: number;
}

/** The digest table of a lab proxy, read as anybody could. */
export async function fetchDigests(adminPort: number): Promise<readonly DigestTruth[]> {
  const connection = await createConnection({ host: '127.0.0.1', port: adminPort, user: 'stats', password: 'stats' });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT hostgroup,schemaname,username,digest,SUM(count_star) n FROM stats_mysql_query_digest GROUP BY 1,2,3,4',
    );
    return rows.map((row) => ({
      hostgroup: row.hostgroup,
      schema: row.schemaname,
      user: row.username,
      digest: row.digest,
      executions: Number(row.n),
    }));
  } finally {
    await connection.end();
  }
}
