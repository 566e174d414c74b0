import { type DcdbSettings, dcdbSettings, oneDcdbLogin } from '@proxywatch/core/config/dcdb-settings';
import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { messageOf } from '@proxywatch/core/domain/errors';
import { migrateDcdb } from '@proxywatch/core/drivers/dcdb/migrate-dcdb';
import { openDcdb } from '@proxywatch/core/drivers/dcdb/open-dcdb';
import { createAwsSecrets } from '@proxywatch/core/drivers/secrets/aws-secrets';
import { z } from 'zod';

/** A migration may rebuild a table: its statements get far longer than those of everyday work. */
const STATEMENT_TIMEOUT_MS = 600_000;

/** Brings the schema of the DCDB up to date and says so to `log`. Rejects with STORE_UNAVAILABLE or MIGRATION_FAILED. */
export async function migrate(settings: DcdbSettings, log: (line: string) => void): Promise<void> {
  const secrets = createAwsSecrets();
  const db = openDcdb(settings, secrets, { maxConnections: 1, queryTimeoutMs: STATEMENT_TIMEOUT_MS });
  try {
    const applied = await migrateDcdb(db);
    for (const name of applied) log(`applied ${name}`);
    if (applied.length === 0) log('nothing to apply: the schema is up to date');
  } finally {
    await db.destroy();
    await secrets.close();
  }
}

async function main(): Promise<void> {
  const schema = z.object(dcdbSettings).check(...oneDcdbLogin);
  const settings = exitOnConfigError(() => parseEnvironment(schema, process.env));
  try {
    await migrate(settings, (line) => console.log(`migrate: ${line}`));
  } catch (error) {
    console.error(`migrate: ${messageOf(error)}`);
    process.exitCode = 1;
  }
}

if (import.meta.main) await main();
