// npm run token: prints a token for the API of the local run.
import { readFileSync } from 'node:fs';
import { mysqlUrl } from '@proxywatch/core/config/address-fields';
import { exitOnConfigError } from '@proxywatch/core/config/exit-on-config-error';
import { nonEmpty } from '@proxywatch/core/config/fields';
import { parseEnvironment } from '@proxywatch/core/config/parse-environment';
import { messageOf } from '@proxywatch/core/domain/errors';
import { createDcdb } from '@proxywatch/core/drivers/dcdb/create-dcdb';
import { z } from 'zod';
import { bindLocalGroup, localGroup } from './tokens/local-roles.ts';
import { parseCommand, type TokenCommand } from './tokens/parse-command.ts';
import { signToken } from './tokens/token-keys.ts';

const schema = z.object({
  /** Written by `npm start`. */
  TOKEN_KEY_FILE: nonEmpty(),
  DCDB_URL: mysqlUrl(),
});

const command = exitOnConfigError(() => parseCommand(process.argv.slice(2)));
const config = exitOnConfigError(() => parseEnvironment(schema, process.env));
try {
  console.log(await issue(command));
} catch (error) {
  console.error(`token: ${messageOf(error)}`);
  process.exitCode = 1;
}

async function issue({ role, namespace, sub, lifetimeS }: TokenCommand): Promise<string> {
  const db = createDcdb(config.DCDB_URL, { maxConnections: 1 });
  try {
    await bindLocalGroup(db, role, namespace);
  } finally {
    await db.destroy();
  }
  const key = readFileSync(config.TOKEN_KEY_FILE, 'utf8');
  return signToken(key, { sub, groups: [localGroup(role, namespace)], lifetimeS });
}
