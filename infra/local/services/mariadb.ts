import { randomBytes } from 'node:crypto';
import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { findBinary } from './binaries.ts';
import { describeExit, startChild } from './child.ts';
import { type Home, type Service, type ServiceOptions, startService, surroundings } from './service.ts';

const CONNECT_TIMEOUT_MS = 2_000;

export interface MariadbService extends Service {
  /** An account with all privileges, for the lab's schemas and users: `mysql://admin:<password>@127.0.0.1:<port>/mysql`. */
  readonly adminUrl: string;
}

/**
 * A MariaDB server on loopback with the database `proxywatch` and its owner `proxywatch`, password `proxywatch`.
 * Ready in 1–2 s. `url` is `mysql://proxywatch:proxywatch@127.0.0.1:<port>/proxywatch`.
 */
export async function startMariadb(options: ServiceOptions = {}): Promise<MariadbService> {
  const adminPassword = randomBytes(18).toString('base64url');
  const service = await startService(
    {
      name: 'mariadb',
      binary: 'mariadbd',
      portVariable: 'MARIADB_PORT',
      // mariadbd refuses to run as root.
      accounts: ['mysql'],
      prepare: (home, signal) => prepareData(home, adminPassword, signal),
      args: serverArguments,
      ready: async ({ port }) => {
        const url = `mysql://proxywatch:proxywatch@127.0.0.1:${port}/proxywatch`;
        const connection = await createConnection({ uri: url, connectTimeout: CONNECT_TIMEOUT_MS });
        await connection.end();
        return url;
      },
    },
    options,
  );
  return { ...service, adminUrl: `mysql://admin:${adminPassword}@127.0.0.1:${service.port}/mysql` };
}

function serverArguments({ dir, port }: Home): string[] {
  return [
    '--no-defaults',
    `--datadir=${join(dir, 'data')}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${join(dir, 'socket')}`,
    `--pid-file=${join(dir, 'pid')}`,
    `--init-file=${join(dir, 'init.sql')}`,
    '--skip-name-resolve',
    '--character-set-server=utf8mb4',
    '--max-connections=500',
    // The data dies with the server: nothing is gained by flushing it.
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-buffer-pool-size=64M',
    '--innodb-log-file-size=16M',
  ];
}

async function prepareData(home: Home, adminPassword: string, signal: AbortSignal): Promise<void> {
  const init = join(home.dir, 'init.sql');
  // An init file holds one statement per line; running it twice (a kept data folder) changes nothing but the password.
  const statements = [
    'CREATE DATABASE IF NOT EXISTS proxywatch CHARACTER SET utf8mb4',
    "CREATE OR REPLACE USER 'proxywatch'@'127.0.0.1' IDENTIFIED BY 'proxywatch'",
    "GRANT ALL ON proxywatch.* TO 'proxywatch'@'127.0.0.1'",
    `CREATE OR REPLACE USER 'admin'@'127.0.0.1' IDENTIFIED BY '${adminPassword}'`,
    "GRANT ALL ON *.* TO 'admin'@'127.0.0.1' WITH GRANT OPTION",
  ];
  await writeFile(init, statements.map((statement) => `${statement};\n`).join(''), { mode: 0o600 });
  if (home.account !== undefined) await chown(init, home.account.uid, home.account.gid);
  const install = await startChild({
    command: findBinary('mariadb-install-db'),
    args: [
      '--no-defaults',
      `--datadir=${join(home.dir, 'data')}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
      '--innodb-log-file-size=16M',
    ],
    ...surroundings(home),
  });
  const giveUp = () => void install.stop(0);
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  const exit = await install.exited;
  signal.removeEventListener('abort', giveUp);
  if (exit.code !== 0) throw new Error(`mariadb-install-db ${describeExit(exit)}`);
}
